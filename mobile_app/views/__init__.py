"""What the person sees: one screen a module, on the use cases of `mobile_app.services`. Views never see a port."""
