// How the explorer looks. Its rules are within .mdgmvae, so that they change nothing else.

import { DARK, LIGHT } from "./theme.js";

function variables(theme) {
  return Object.entries(theme).map(([name, color]) => `--${name}: ${color};`).join(" ");
}

export const STYLE = `
.mdgmvae { ${variables(LIGHT)} color-scheme: light; }
.mdgmvae.dark { ${variables(DARK)} color-scheme: dark; }
.mdgmvae { container-type: size; height: 100%; background: var(--paper); color: var(--ink);
  font: 14px/1.4 system-ui, sans-serif; text-align: left; }
.mdgmvae * { box-sizing: border-box; }
.mdgmvae .all { display: grid; grid-template: auto minmax(0, 1fr) auto auto / 1fr 1fr; gap: 6px;
  height: 100%; padding: 6px; }
.mdgmvae .legend, .mdgmvae .bar, .mdgmvae .time { grid-column: 1 / 3; }
.mdgmvae .legend, .mdgmvae .bar { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; }
.mdgmvae .legend button[aria-pressed="false"] { color: var(--soft); text-decoration: line-through; }
.mdgmvae .legend button[aria-pressed="false"] .swatch { opacity: 0.3; }
.mdgmvae .swatch { display: inline-block; width: 11px; height: 11px; margin-right: 6px; }
.mdgmvae button, .mdgmvae select { font: inherit; color: inherit; background: var(--shade);
  border: 1px solid var(--line); border-radius: 4px; padding: 2px 9px; min-height: 30px; cursor: pointer; }
.mdgmvae button:hover { border-color: var(--soft); }
.mdgmvae .bar button[aria-pressed="true"] { background: var(--ink); color: var(--paper); }
.mdgmvae .legend button { border-color: transparent; background: none; }
.mdgmvae :focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; }
.mdgmvae canvas { position: absolute; inset: 0; width: 100%; height: 100%; display: block; }
.mdgmvae .map, .mdgmvae .molecule, .mdgmvae .time { position: relative; min-width: 0; min-height: 0; }
.mdgmvae .map .above { cursor: crosshair; touch-action: none; }
.mdgmvae .molecule canvas { cursor: grab; }
.mdgmvae .molecule { border: 1px solid var(--line); }
.mdgmvae .caption { position: absolute; left: 8px; top: 5px; pointer-events: none;
  background: color-mix(in srgb, var(--paper) 80%, transparent); padding: 0 4px; border-radius: 3px; font-variant-numeric: tabular-nums; }
.mdgmvae .where { font-size: 12px; color: var(--soft); }
.mdgmvae dialog { width: min(34rem, 92vw); background: var(--paper); color: var(--ink); border: 1px solid var(--line);
  border-radius: 6px; padding: 14px; }
.mdgmvae dialog::backdrop { background: #00000066; }
.mdgmvae dialog h2 { font-size: 1rem; margin: 0 0 8px; }
.mdgmvae dialog select { max-width: 100%; margin-bottom: 8px; }
.mdgmvae dialog textarea { display: block; width: 100%; resize: vertical; font: 12px/1.4 ui-monospace, monospace;
  color: inherit; background: var(--shade); border: 1px solid var(--line); }
.mdgmvae dialog .buttons { display: flex; flex-wrap: wrap; gap: 6px; margin-top: 8px; }
.mdgmvae dialog p { margin: 8px 0 0; font-size: 12px; color: var(--soft); }
.mdgmvae .note { color: var(--soft); font-size: 12px; }
.mdgmvae .time { height: 58px; }
.mdgmvae .time .above { cursor: ew-resize; touch-action: none; }
.mdgmvae.printed { width: 690px; height: 470px; print-color-adjust: exact; break-inside: avoid; }
.mdgmvae.printed .bar { display: none; }
.mdgmvae.printed .above { visibility: hidden; }
@container (max-width: 640px) or (max-aspect-ratio: 1) {
  .mdgmvae .all { grid-template: auto minmax(0, 1fr) minmax(0, 1fr) auto auto / 1fr; }
  .mdgmvae .legend, .mdgmvae .bar, .mdgmvae .time { grid-column: 1; }
  .mdgmvae .legend, .mdgmvae .bar { gap: 4px; }
  .mdgmvae .legend button, .mdgmvae .bar button, .mdgmvae .bar select { font-size: 13px; padding: 2px 6px; }
}
`;
