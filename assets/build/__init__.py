"""The PWA build: from Python, JavaScript and Flet's prebuilt client to one folder that needs no other host.

Flet's own ``flet publish`` downloads while it builds and its output fetches from other hosts while it runs; this
package does neither (docs/decisions/0001-pwa-build.md). Start it with ``python -m assets.build --out build/pwa``.
"""
