"""The pieces that screens are put together from, one a module. A part knows the theme and the texts, no use case."""
