/**
 * The one style sheet of the visitor's pages, put inline under the response's nonce: no second request, nothing to fetch when things are down.
 * Colours are tokens with a light and a dark value; every text pair keeps 4.5:1, every control edge 3:1 (WCAG 2.2, 1.4.3 and 1.4.11).
 */
import { LOGO_STYLE } from "./theme.tsx";

/** What the console's pages begin with, too. */
export const BASE_STYLE = `
:root{
color-scheme:light dark;
--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
--serif:ui-serif,"New York","Iowan Old Style","Palatino Linotype",Palatino,Georgia,serif;
--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;
--paper:#f6f4ef;--paper-2:#efece4;--ink:#1f2328;--soft:#565b61;--line:#dad5c9;--edge:#86806f;
--accent:#0b5a54;--accent-ink:#fff;--accent-2:#084842;--focus:#0b5a54}
@media (prefers-color-scheme:dark){:root{
--paper:#14171a;--paper-2:#1a1e22;--ink:#eceae4;--soft:#a9aeb3;--line:#2f363c;--edge:#78818a;
--accent:#8ad6c6;--accent-ink:#0d1f1d;--accent-2:#a5e3d6;--focus:#8ad6c6}}
*,*::before,*::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100dvh;background:var(--paper);color:var(--ink);overflow-wrap:anywhere}
p{text-wrap:pretty}h1{text-wrap:balance}
a{color:var(--accent);text-underline-offset:.2em}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
${LOGO_STYLE}`;

export const STYLE = `${BASE_STYLE}
:root{
--field:#ffffff;--bad:#a3271b;
--wall:#e6e1d5;--wall-2:#dcd6c7;--wall-3:#d0c9b7;--door:#0b5a54;--door-2:#0a4e49;--seam:#073b37;--knob:#e9c46a;
--light:#fff6d8;--light-2:#ffe9a8}
@media (prefers-color-scheme:dark){:root{
--field:#0f1214;--bad:#ff9c8f;
--wall:#1d2226;--wall-2:#242a2f;--wall-3:#2b3238;--door:#236a63;--door-2:#1c5751;--seam:#123b37;--knob:#e9c46a;
--light:#fdf0c8;--light-2:#ecca78}}
body{display:flex;flex-direction:column;font:1rem/1.6 var(--sans)}
header,main,footer{width:100%;max-width:66rem;margin:0 auto;padding:0 clamp(1.25rem,5vw,3rem)}
header{padding-top:clamp(1.25rem,4vw,2.25rem)}
.mark{display:inline-flex;align-items:flex-start;gap:.625rem;margin:0;font-weight:600;letter-spacing:-.005em}
.mark svg{flex:none;width:1.375rem;height:1.6rem}
main{flex:1;display:grid;align-content:start;align-items:center;gap:clamp(1rem,6vw,5rem);padding-top:1.75rem;padding-bottom:2.5rem}
.words{max-width:34rem}
.scene{width:5rem}
.scene svg,.mark svg{display:block}
.scene svg{width:100%;height:auto}
@media (min-width:52rem){main{align-content:center;grid-template-columns:minmax(0,1fr) auto}.scene{width:min(19rem,28vw);order:2}}
@media (max-width:51.99rem){main:has(.field) .scene{display:none}}
h1{margin:0 0 1rem;font:500 clamp(1.875rem,1.4rem + 2.2vw,2.75rem)/1.15 var(--serif);letter-spacing:-.015em}
p{margin:0 0 1rem}
.lead{font-size:1.125rem;line-height:1.55}
.advice{color:var(--soft)}
.who{display:block;margin:0 0 1.5rem;padding:.875rem 1rem;border:1px solid var(--line);border-radius:.75rem;background:var(--paper-2);font-weight:600}
.list{margin:1.5rem 0 0;padding:0;list-style:none}.list p{margin:0 0 .5rem}.who .hint{font-weight:400}dl.who dd{margin:0 0 .5rem}
.field{margin:0 0 1.125rem;max-width:26rem}
.field label{display:block;margin:0 0 .375rem;font-weight:600}
.field input{width:100%;min-height:2.875rem;padding:.5rem .875rem;border:1px solid var(--edge);border-radius:.75rem;background:var(--field);color:var(--ink);font:inherit}
.field input[readonly]{background:var(--paper-2);color:var(--soft)}
.field input[aria-invalid=true]{border-color:var(--bad);border-width:2px}
.hint{margin:.375rem 0 0;color:var(--soft);font-size:.9375rem}
.problem{margin:0 0 1.5rem;max-width:34rem;padding:.875rem 1rem;border:1px solid var(--bad);border-left-width:.375rem;border-radius:.75rem;background:var(--paper-2)}
.problem p{margin:0 0 .25rem}.problem p:last-child{margin:0}
.choice{display:flex;gap:.625rem;max-width:26rem;align-items:baseline}.choice input{flex:none;margin:0;width:1.125rem;height:1.125rem;accent-color:var(--accent)}
.keys{list-style:none;margin:0 0 1.5rem;padding:0}
.keys li{display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:.5rem 1rem;padding:.875rem 0;border-bottom:1px solid var(--line)}
.keys .hint{margin:0}
[hidden]{display:none}
.aside{margin:1.5rem 0 0;color:var(--soft)}
.actions{display:flex;flex-wrap:wrap;gap:.75rem;margin:1.75rem 0 0}
.actions form{display:contents}
.button{display:inline-flex;align-items:center;justify-content:center;min-height:2.875rem;padding:.5rem 1.375rem;border:1px solid var(--fill-edge,var(--accent));border-radius:.75rem;
background:var(--fill,var(--accent));color:var(--fill-ink,var(--accent-ink));font-family:inherit;font-size:1rem;font-weight:600;line-height:1.3;text-align:center;text-decoration:none;cursor:pointer}
.button:hover{background:var(--fill-2,var(--accent-2));border-color:var(--fill-2,var(--accent-2))}
.button.quiet{background:transparent;color:var(--accent);border-color:var(--edge)}
.button.quiet:hover{color:var(--accent-2);border-color:var(--accent-2)}
.problem:focus{outline:3px solid var(--focus)}:focus-visible,.problem:focus{outline-offset:3px;border-radius:.75rem}
.reference{display:flex;flex-wrap:wrap;align-items:baseline;gap:.25rem .75rem;margin:2.25rem 0 0;padding-top:1.125rem;border-top:1px solid var(--line);color:var(--soft);font-size:.9375rem}
.reference dt,.reference dd{margin:0}
code{font:500 .9375rem/1.5 var(--mono);color:var(--ink);user-select:all}
footer{padding-top:1rem;padding-bottom:clamp(1.25rem,4vw,2rem);color:var(--soft);font-size:.875rem}
footer p{margin:0}
.wall{fill:var(--wall)}.wall-2{fill:var(--wall-2)}.wall-3{fill:var(--wall-3)}.door{fill:var(--door)}.door-2{fill:var(--door-2)}
.panel{fill:var(--door-2)}.seam{fill:var(--seam)}.knob{fill:var(--knob)}.light-stop{stop-color:var(--light)}.light-stop-2{stop-color:var(--light-2)}
.mark .wall{fill:var(--accent)}.mark .light{fill:var(--paper)}
@media (prefers-reduced-motion:no-preference){.waiting .glow{animation:glow 2s ease-in-out infinite alternate}@keyframes glow{to{opacity:.82}}}
@media (forced-colors:active){.scene{display:none}.button{border-color:ButtonText}}`.replaceAll("\n", "");
