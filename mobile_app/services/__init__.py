"""Use cases on the ports. `mobile_app.services.client.build_client` puts them together."""
