"""What is truly known of something written, in the three honest words: lagret, sendt, sett."""

from mobile_app.domain.receipts import Receipt, ReceiptState
from mobile_app.views.messages import Times, listed, t


def line(receipt: Receipt, times: Times) -> str:
    """One sentence for a list."""
    if receipt.parked:
        return t("receipt.parked")
    if receipt.state is ReceiptState.SEEN:
        name, at = receipt.seen_by[0]
        if len(receipt.seen_by) > 1:
            return t("receipt.seen_many", names=listed([each for each, _ in receipt.seen_by]))
        return t("receipt.seen", name=name, at=times.at(at))
    if receipt.state is ReceiptState.SENT:
        return t("receipt.sent", at=times.at(receipt.sent_at))
    return t("receipt.local", at=times.at(receipt.saved_at))


def events(receipt: Receipt, times: Times, seen_by_words: str) -> list[tuple[str, str, str, bool]]:
    """Lines of a timeline: saved, sent, seen. `seen_by_words` is shown while nobody has."""
    lines = [(t("receipt.step_saved"), "", times.clock(receipt.saved_at) if receipt.saved_at else "", True)]
    if receipt.parked:
        lines.append((t("receipt.step_parked"), t("receipt.step_parked_more"), "", False))
    elif receipt.sent_at:
        lines.append((t("receipt.step_sent"), "", times.clock(receipt.sent_at), True))
    elif receipt.state is ReceiptState.SEEN:
        lines.append((t("receipt.step_sent"), "", "", True))
    else:
        lines.append((t("receipt.step_unsent"), t("receipt.step_unsent_more"), "", False))
    if receipt.seen_by:
        lines += [
            (t("receipt.step_seen", name=name), "", times.clock(at), True) for name, at in receipt.seen_by
        ]
    else:
        lines.append((seen_by_words, t("receipt.step_unseen_more"), "", False))
    return lines
