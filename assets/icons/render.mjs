// Renders the PNG icons from icon.svg. The results are committed, so that a build needs no renderer.
// In a scratch folder: npm install --no-save @resvg/resvg-js@2.6.2; then, from there:
//   node PATH/TO/assets/icons/render.mjs
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const { Resvg } = createRequire(path.join(process.cwd(), "render.mjs"))("@resvg/resvg-js");
const here = import.meta.dirname;
const square = fs.readFileSync(path.join(here, "icon.svg"), "utf8");
// Where the system does not cut the icon itself, the corners are those of the wordmark.
const rounded = square.replace(/<rect /, '<rect rx="116" ');
const wanted = [
  ["icon-192.png", rounded, 192],
  ["icon-512.png", rounded, 512],
  ["icon-maskable-192.png", square, 192],
  ["icon-maskable-512.png", square, 512],
  ["apple-touch-icon.png", square, 180],
  ["favicon.png", rounded, 48],
];
for (const [name, svg, width] of wanted) {
  fs.writeFileSync(path.join(here, name), new Resvg(svg, { fitTo: { mode: "width", value: width } }).render().asPng());
}
