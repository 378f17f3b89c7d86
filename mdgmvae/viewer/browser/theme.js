// The colours of the explorer: light or dark, as the page around it.

import { channels, mixed } from "./vectors.js";

/**
 * @typedef {object} Theme
 * @property {string} paper @property {string} ink @property {string} soft  of less important text
 * @property {string} line @property {string} shade  of buttons
 * @property {string} focus  of the frame around what has the focus
 */

/** @type {Theme} */
export const LIGHT = {
  paper: "#ffffff",
  ink: "#1d2129",
  soft: "#5a6270",
  line: "#c3c8d0",
  shade: "#f4f5f7",
  focus: "#0072b2",
};
/** @type {Theme} */
export const DARK = {
  paper: "#16191e",
  ink: "#e4e7ec",
  soft: "#a3abb8",
  line: "#4c5563",
  shade: "#23272e",
  focus: "#56b4e9",
};

/** Contrast with dark paper that the colours of the states have at least (WCAG 2, 1.4.11). */
const CONTRAST = 3;

/** Share of the paper in the colours of frames that are not chosen. */
const FAINT = 0.75;

/**
 * The colours of a page.
 * @param {boolean} dark
 * @param {string[]} given colours of the states
 * @returns {Theme} with `colors` of the states, and those of frames that are not chosen, `faint`
 */
export function themeOf(dark, given) {
  const theme = dark ? DARK : LIGHT;
  const colors = dark ? given.map(onDark) : given;
  return { ...theme, colors, faint: colors.map((color) => mixed(color, theme.paper, FAINT)) };
}

/** A colour "#RRGGBB" that can be seen on dark paper: mixed with as much white as that needs. */
function onDark(color) {
  let white = 0;
  const whitened = () => mixed(color, "#ffffff", white);
  while (contrast(whitened(), DARK.paper) < CONTRAST) white += 0.05;
  return whitened();
}

/** The contrast of two colours, from 1 to 21, as WCAG 2 defines it. */
export function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color) {
  const [red, green, blue] = channels(color).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const system = () => matchMedia("(prefers-color-scheme: dark)");

/** Whether the page is dark. JupyterLab says so on its body, elsewhere the system does. */
export function isDark() {
  const { jpThemeLight } = document.body.dataset;
  return jpThemeLight ? jpThemeLight === "false" : system().matches;
}

/**
 * Tell when the page becomes dark or light.
 * @param {(dark: boolean) => void} act
 * @returns {() => void} what ends this
 */
export function watchTheme(act) {
  const update = () => act(isDark());
  const media = system();
  media.addEventListener("change", update);
  const observer = new MutationObserver(update);
  observer.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
  return () => {
    media.removeEventListener("change", update);
    observer.disconnect();
  };
}
