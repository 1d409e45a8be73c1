"""What the app is dressed in and shipped as: icons, fonts, the web sources and the PWA build."""
