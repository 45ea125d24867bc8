/**
 * The console's style sheet, inline under the nonce. Colours and type are those of the visitor's pages, set closer for daily work:
 * every text pair keeps 4.5:1, every control edge 3:1, every target 24 pixels (WCAG 2.2, 1.4.3, 1.4.11, 2.5.8).
 */
import { BASE_STYLE } from "../../pages/index.ts";

export const CONSOLE_STYLE = `${BASE_STYLE}
:root{
--card:#fffdf9;--tint:#e3eeea;
--good:#17603a;--good-tint:#e2f0e6;--warn:#7a4b00;--warn-tint:#fbefd5;--bad:#9b2420;--bad-tint:#fbe6e2}
@media (prefers-color-scheme:dark){:root{
--card:#1a1e22;--tint:#1d302d;
--good:#8fd6a8;--good-tint:#1b2e22;--warn:#f0c674;--warn-tint:#33290f;--bad:#f5a49b;--bad-tint:#3a1d1b}}
html{scroll-padding-top:1rem}
body{font:.9375rem/1.55 var(--sans)}
.skip{position:absolute;left:.75rem;top:-4rem;z-index:2;padding:.5rem 1rem;border-radius:.5rem;background:var(--accent);color:var(--accent-ink)}
.skip:focus{top:.75rem}
.frame{display:grid;grid-template-columns:minmax(0,1fr);min-height:100vh;min-height:100dvh;align-content:start}
.side{padding:.875rem clamp(1rem,4vw,1.5rem);border-bottom:1px solid var(--line)}
.mark{display:flex;align-items:flex-start;gap:.625rem;margin:0;font-weight:600}
.mark svg{flex:none;display:block;width:1.25rem;height:1.45rem}
.mark a{display:inline-block;min-height:1.5rem;color:inherit;text-decoration:none}.mark a:hover{text-decoration:underline}
.mark .wall{fill:var(--accent)}.mark .light{fill:var(--paper)}
.nav-wide{display:none}
.menu{margin-top:.75rem}.menu summary{display:inline-flex;align-items:center;min-height:2.25rem;padding:.25rem .875rem;border:1px solid var(--edge);border-radius:.5rem;font-weight:600;cursor:pointer;list-style:none}
.menu summary::-webkit-details-marker{display:none}
.menu summary::after{content:"▾";margin-left:.5rem}.menu[open] summary::after{content:"▴"}
.navi .title{margin:.625rem 0 0;padding:0 .625rem;font-size:.75rem;font-weight:600;letter-spacing:.06em;text-transform:uppercase;color:var(--soft)}
.navi ul{list-style:none;margin:0;padding:0}
.navi a{display:block;padding:.1875rem .625rem;line-height:1.4;border-radius:.5rem;color:var(--ink);text-decoration:none}
.navi a:hover{background:var(--paper-2)}
.navi a[aria-current]{background:var(--tint);color:var(--accent);font-weight:600}
.me{margin:.75rem 0 0;padding:.5rem .625rem 0;border-top:1px solid var(--line);font-size:.8125rem;color:var(--soft)}
.me p{margin:0 0 .125rem}.me a{display:inline-block;min-height:1.5rem;padding:.125rem 0;color:var(--accent);text-decoration:underline}.me a:hover{background:none}.me .as{color:var(--ink)}
main{width:100%;max-width:64rem;padding:1.5rem clamp(1rem,4vw,2.5rem) 4rem;container-type:inline-size}
@media (min-width:60rem){.frame{grid-template-columns:15.5rem minmax(0,1fr)}
.side{position:sticky;top:0;align-self:start;height:100vh;height:100dvh;overflow-y:auto;padding:1.25rem 1.125rem .5rem;border-bottom:0;border-right:1px solid var(--line)}
.side .mark{padding:0 .625rem}.nav-wide{display:block;margin-top:.75rem}.menu{display:none}main{padding-top:2.25rem}}
.door .mark{margin-bottom:2rem}.door h1{margin-bottom:1rem}.door main{max-width:40rem;margin:0 auto;padding-top:clamp(2rem,10vh,6rem)}
h1{margin:0 0 .375rem;font:500 clamp(1.625rem,1.3rem + 1.3vw,2.125rem)/1.2 var(--serif);letter-spacing:-.01em}
main h2{margin:0 0 .25rem;font-size:1.0625rem;line-height:1.4}
main h3{margin:1.25rem 0 .25rem;font-size:.9375rem}
p{margin:0 0 .75rem}
main ul,main ol{margin:.25rem 0;padding-left:1.25rem}:where(summary,.actions>a,.search>a){min-height:1.5rem}
.lead{max-width:46rem;margin-bottom:0;color:var(--soft)}
.soft{color:var(--soft)}.small{font-size:.8125rem}
.head{margin:0 0 1.25rem;display:flex;flex-wrap:wrap;align-items:flex-start;justify-content:space-between;gap:.75rem 1.5rem}
.head>div:first-child{flex:1 1 18rem}.aside{flex:none;max-width:100%}
.card{margin:0 0 1.25rem;padding:1.125rem clamp(1rem,3vw,1.5rem) 1.25rem;border:1px solid var(--line);border-radius:.875rem;background:var(--card)}
.card>:last-child,.note>:last-child{margin-bottom:0}.card>h2+.note{margin-top:.5rem}
.note{margin:0 0 1.25rem;padding:.75rem 1rem;border:1px solid currentColor;border-radius:.75rem;background:var(--tint);color:var(--accent)}
.note p,.note ul,.note li{color:var(--ink)}.note p{margin:0 0 .375rem}
.note.good{background:var(--good-tint);color:var(--good)}.note.warn{background:var(--warn-tint);color:var(--warn)}.note.bad{background:var(--bad-tint);color:var(--bad)}
.note p.actions{margin-top:.75rem}.note strong{color:inherit}.note:focus{outline:3px solid var(--focus);outline-offset:2px}
.grid{display:grid;gap:0 1.25rem;grid-template-columns:minmax(0,1fr)}
@container (min-width:40rem){.grid{grid-template-columns:repeat(2,minmax(0,1fr))}.grid .whole{grid-column:1/-1}}
.field{margin:.875rem 0 0;min-width:0}
.card>input[type=hidden]+.field{margin-top:0}.card>input[type=hidden]+.grid{margin-top:-.875rem}.facts+.hint{margin-top:.75rem}
label,legend,.label{display:block;padding:0;font-weight:600}
fieldset{min-width:0;margin:.875rem 0 0;padding:0;border:0}
.hint{margin:.0625rem 0 0;font-size:.8125rem;color:var(--soft)}
.error{margin:.25rem 0 0;font-size:.875rem;font-weight:600;color:var(--bad)}
.error::before{content:"✕ " / ""}
input,select,textarea{display:block;width:100%;min-height:2.625rem;margin-top:.3125rem;padding:.4375rem .75rem;border:1px solid var(--edge);border-radius:.5rem;background:var(--card);color:var(--ink);font:inherit}
textarea{min-height:6rem;resize:vertical}
.mono,textarea.mono,input.mono{font-family:var(--mono);font-size:.8125rem}
[aria-invalid=true]{border-color:var(--bad);box-shadow:inset 0 0 0 1px var(--bad)}
input[type=checkbox],input[type=radio]{display:inline-block;flex:none;width:1.125rem;height:1.125rem;min-height:0;margin:.2rem 0 0;accent-color:var(--accent)}
input[type=color]{width:4.5rem;padding:.1875rem}
input[type=file]{padding:.375rem .5rem}
.check{display:flex;gap:.625rem;align-items:flex-start;min-height:1.5rem}.check label{font-weight:500}
.actions{display:flex;flex-wrap:wrap;gap:.625rem .875rem;align-items:center;margin:1.25rem 0 0}
.bar{margin-top:0}.actions+.card{margin-top:1.25rem}
.button{display:inline-flex;align-items:center;justify-content:center;min-height:2.5rem;padding:.375rem 1.125rem;border:1px solid var(--fill-edge,var(--accent));border-radius:.625rem;background:var(--fill,var(--accent));color:var(--fill-ink,var(--accent-ink));font:inherit;font-weight:600;line-height:1.3;text-align:center;text-decoration:none;overflow-wrap:normal;cursor:pointer}
.button:hover{background:var(--fill-2,var(--accent-2));border-color:var(--fill-2,var(--accent-2))}
.button.quiet{background:transparent;color:var(--accent);border-color:var(--edge)}.button.quiet:hover{border-color:var(--accent-2);color:var(--accent-2)}
.button.danger{background:transparent;color:var(--bad);border-color:var(--bad)}.button.danger:hover{background:var(--bad-tint)}
.button.small,td .button{min-height:2rem;padding:.125rem .75rem;font-size:.875rem}
.copy{display:none}.js .copy{display:inline-flex}
.tabs{display:flex;flex-wrap:wrap;gap:.375rem;margin:0 0 1rem;padding:0;list-style:none}
.tabs a{display:inline-flex;align-items:center;min-height:2.25rem;padding:.25rem .875rem;border:1px solid var(--edge);border-radius:99rem;color:var(--ink);text-decoration:none}
.tabs a:hover{border-color:var(--accent)}.tabs a[aria-current]{background:var(--accent);border-color:var(--accent);color:var(--accent-ink);font-weight:600}
.values{margin:0}
.values>div{padding:.75rem 0;border-top:1px solid var(--line)}.values>div:first-child{border-top:0;padding-top:.25rem}
.values dt{font-weight:600}.values dd{display:flex;flex-wrap:wrap;align-items:center;gap:.375rem .75rem;margin:.1875rem 0 0}
.values code{flex:1 1 16rem}
code{unicode-bidi:isolate;font:500 .8125rem/1.5 var(--mono)}
dd>code,.pick{user-select:all}
.facts{display:grid;grid-template-columns:minmax(0,1fr);gap:.125rem 1.25rem;margin:0}
.facts dt{color:var(--soft);font-size:.8125rem}.facts dd{margin:0 0 .5rem}
@container (min-width:32rem){.facts{grid-template-columns:10rem minmax(0,1fr)}.facts dt{font-size:inherit}.facts dd{margin:0}}
table{width:100%;border-collapse:collapse}
caption{padding:0 0 .5rem;text-align:left;color:var(--soft);font-size:.8125rem}
th,td{padding:.5625rem .75rem .5625rem 0;border-top:1px solid var(--line);text-align:left;vertical-align:top;overflow-wrap:break-word}
thead th{border-top:0;font-size:.8125rem;font-weight:600;color:var(--soft)}
tbody th{min-width:6.5rem;font-weight:600}tbody th.agent{font-weight:400}
:is(th,td) :is(a,bdi,code,dl){overflow-wrap:anywhere}
.wide{min-width:11rem}th:has(code){min-width:12.5rem}td.group{min-width:7.5rem}td.end,th.end{text-align:right;padding-right:0;white-space:nowrap}td.end .actions{flex-wrap:nowrap;gap:.375rem;justify-content:flex-end;align-items:start}
time,a.mono{white-space:nowrap}ins{text-decoration:none}del{color:var(--soft)}
@container (min-width:44rem){.who{white-space:nowrap}td.outcome code{overflow-wrap:normal}}
@container (max-width:52rem){td.when time,.wide .badge{white-space:normal}td.when time{display:inline-block;width:5.75rem}td:has(time){min-width:6.25rem}.wide .badge{border-radius:.75rem}}
@container (max-width:48rem){td time{white-space:normal}}
@container (max-width:44rem){
.stack thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.stack,.stack tbody,.stack tr,.stack td,.stack th,.stack caption{display:block}
.stack tr{padding:.625rem 0;border-top:1px solid var(--line)}.stack tbody tr:first-child{border-top:0}
.stack td,.stack th{padding:.0625rem 0;border:0}
.stack td.end{text-align:left}.stack td.end .actions{flex-wrap:wrap;justify-content:flex-start}
.stack td[data-label]::before{content:attr(data-label) ": ";color:var(--soft);font-size:.8125rem}
.stack td:empty{display:none}td.when time{width:auto}}
.badge{display:inline-block;padding:.0625rem .5625rem;border-radius:99rem;background:var(--paper-2);color:var(--ink);font-size:.8125rem;font-weight:600;white-space:nowrap}
.badge.good{background:var(--good-tint);color:var(--good)}.badge.warn{background:var(--warn-tint);color:var(--warn)}.badge.bad{background:var(--bad-tint);color:var(--bad)}
.plain{list-style:none;margin:0;padding:0}
.certificate{display:flex;flex-wrap:wrap;gap:.25rem 1rem;justify-content:space-between;padding:.75rem 0;border-top:1px solid var(--line)}
.certificate:first-child{border-top:0}.certificate>div:first-child{flex:1 1 20rem;min-width:0}
.steps{margin:0;padding-left:1.25rem}.steps li{padding:.3125rem 0}.steps li::marker{color:var(--soft);font-weight:600}
.checks{list-style:none;margin:0;padding:0}
.checks li{display:grid;grid-template-columns:1.5rem minmax(0,1fr);gap:0 .5rem;padding:.5rem 0;border-top:1px solid var(--line)}
.checks li:first-child{border-top:0}.checks .sign{font-weight:700;color:var(--good)}.checks .no .sign{color:var(--bad)}
.checks .no{margin:0 -.75rem;padding-left:.75rem;padding-right:.75rem;border-radius:.5rem;background:var(--bad-tint)}
.checks .what{font-weight:600}.checks dl{display:grid;grid-template-columns:5.25rem minmax(0,1fr);gap:0 .5rem;margin:.125rem 0 0;font-size:.8125rem}
.checks dt{color:var(--soft)}.checks .no dt{color:var(--ink)}.checks dd{margin:0}
details.diff>summary{cursor:pointer;font-weight:600;color:var(--accent);min-height:1.5rem}
.rows{display:grid;gap:.75rem;margin-top:.5rem}
.rows .row{display:grid;gap:.25rem .75rem;grid-template-columns:minmax(0,1fr);padding-top:.625rem;border-top:1px solid var(--line)}
@container (min-width:44rem){.rows .row{grid-template-columns:4.5rem minmax(0,2fr) minmax(0,1.6fr) minmax(0,1.2fr)}}
.rows .field{margin:0}.rows label{font-size:.8125rem}
.search{display:flex;flex-wrap:wrap;gap:.5rem .75rem;align-items:flex-end;margin:0 0 1.25rem}
.search .field{flex:1 1 15rem;margin:0}.search .narrow{flex:0 1 12.5rem}
.secret{display:block;padding:.75rem 1rem;border:1px dashed var(--edge);border-radius:.5rem;background:var(--card);color:var(--ink);user-select:all}
pre{margin:.5rem 0 0;padding:.625rem .75rem;border-radius:.5rem;background:var(--paper-2);font:.8125rem/1.5 var(--mono);white-space:pre-wrap}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.card>.sure{margin-top:.75rem}.sure>summary{list-style:none}.sure>summary::-webkit-details-marker{display:none}.sure[open]>summary{margin-bottom:.5rem}
@media print{.side,.skip,.search,.actions,.button,.tabs{display:none!important}.frame{display:block}main{max-width:none;padding:0}.card{padding:0;border:0}tr,li{break-inside:avoid}}
@media (forced-colors:active){.button,.badge,.navi a[aria-current],.tabs a[aria-current]{border:1px solid ButtonText}}`.replaceAll(
  "\n",
  "",
);
