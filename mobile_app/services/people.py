"""People of the unit."""

from mobile_app.domain.people import Person


class People:
    """Names and numbers."""

    unit_name: str = ""

    last_confirmed: int = 0

    @property
    def me(self) -> Person:
        raise NotImplementedError

    def all(self) -> list[Person]:
        raise NotImplementedError

    def on_duty(self) -> list[Person]:
        raise NotImplementedError

    @property
    def words(self) -> tuple[str, ...]:
        raise NotImplementedError
