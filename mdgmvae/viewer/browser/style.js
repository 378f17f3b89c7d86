// How the explorer looks. Its rules are within .mdgmvae, so that they change nothing else.

export const STYLE = `
.mdgmvae { container-type: inline-size; height: 100%; background: #fff; color: #222;
  font: 14px/1.4 system-ui, sans-serif; text-align: left; }
.mdgmvae * { box-sizing: border-box; }
.mdgmvae .all { display: grid; grid-template: auto minmax(0, 1fr) auto auto / 1fr 1fr; gap: 6px;
  height: 100%; padding: 6px; }
.mdgmvae .legend, .mdgmvae .bar, .mdgmvae .time { grid-column: 1 / 3; }
.mdgmvae .legend, .mdgmvae .bar { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; }
.mdgmvae .legend button[aria-pressed="false"] { opacity: 0.4; text-decoration: line-through; }
.mdgmvae .swatch { display: inline-block; width: 11px; height: 11px; margin-right: 6px; }
.mdgmvae button, .mdgmvae select { font: inherit; color: inherit; background: #f5f5f5;
  border: 1px solid #bbb; border-radius: 4px; padding: 2px 9px; min-height: 30px; cursor: pointer; }
.mdgmvae button:hover { background: #e8e8e8; }
.mdgmvae .bar button[aria-pressed="true"] { background: #222; color: #fff; }
.mdgmvae .legend button { border-color: transparent; background: none; }
.mdgmvae :focus-visible { outline: 2px solid #0072B2; outline-offset: 1px; }
.mdgmvae canvas { position: absolute; inset: 0; width: 100%; height: 100%; display: block; }
.mdgmvae .map, .mdgmvae .molecule, .mdgmvae .time { position: relative; min-width: 0; min-height: 0; }
.mdgmvae .map .above { cursor: crosshair; touch-action: none; }
.mdgmvae .molecule canvas { cursor: grab; }
.mdgmvae .molecule { border: 1px solid #ccc; }
.mdgmvae .caption { position: absolute; left: 8px; top: 5px; pointer-events: none;
  background: #ffffffcc; padding: 0 4px; border-radius: 3px; font-variant-numeric: tabular-nums; }
.mdgmvae .note { color: #555; font-size: 12px; }
.mdgmvae .time { height: 58px; }
.mdgmvae .time .above { cursor: ew-resize; touch-action: none; }
@media print {
  .mdgmvae .bar { display: none; }
}
@container (max-width: 640px) {
  .mdgmvae .all { grid-template: auto minmax(0, 1fr) minmax(0, 1fr) auto auto / 1fr; }
  .mdgmvae .legend, .mdgmvae .bar, .mdgmvae .time { grid-column: 1; }
}
`;
