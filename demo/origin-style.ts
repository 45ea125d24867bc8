/** The asset library's style sheet: a quiet wall for pictures, by day and by night. */
export const ORIGIN_STYLE = `:root{color-scheme:light dark;--wall:#fff;--ink:#191b1f;--soft:#5b6068;--line:#e3e4e8;--link:#1d4fb8;--card:#f4f5f7;--good:#e7f3ea;--bad:#fbe9e7}
@media (prefers-color-scheme:dark){:root{--wall:#111316;--ink:#eceef1;--soft:#a5abb4;--line:#2b2f36;--link:#9dbdff;--card:#1a1d22;--good:#173022;--bad:#3a1d1a}}
*{box-sizing:border-box}
body{margin:0;background:var(--wall);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:anywhere}
header{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem 1.75rem;padding:.875rem clamp(1rem,4vw,2.5rem);border-bottom:1px solid var(--line)}
.brand{font-weight:700;font-size:1.0625rem;color:var(--ink);text-decoration:none;letter-spacing:-.01em}
nav{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem}
nav a{color:var(--soft);text-decoration:none;padding:.25rem 0}
nav a:hover{color:var(--ink);text-decoration:underline}
.visitor{margin:0 0 0 auto;display:flex;align-items:center;gap:.875rem;color:var(--soft)}
main{max-width:74rem;margin:0 auto;padding:clamp(1.25rem,4vw,2.5rem)}
h1{margin:0 0 1.25rem;font-size:1.75rem;line-height:1.2;letter-spacing:-.02em}
h2{margin:2rem 0 .75rem;font-size:1.125rem}
a{color:var(--link)}
:focus-visible{outline:3px solid var(--link);outline-offset:3px;border-radius:4px}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(16rem,100%),1fr));gap:1.75rem 1.25rem;margin:0;padding:0;list-style:none}
.grid a{display:block;color:inherit;text-decoration:none}
.grid strong{display:block;margin-top:.625rem;font-weight:600}
.grid span{color:var(--soft);font-size:.9375rem}
.grid a:hover strong{text-decoration:underline}
img{display:block;max-width:100%;height:auto;border-radius:6px;background:var(--card)}
.grid img{width:100%}
figure{margin:0}
figcaption{margin-top:.625rem;color:var(--soft)}
.row{display:flex;flex-wrap:wrap;gap:.75rem}
.button{display:inline-block;padding:.5rem .9375rem;border:1px solid #868c96;border-radius:8px;background:transparent;color:var(--ink);font:inherit;font-weight:600;font-size:.9375rem;text-decoration:none;cursor:pointer}
.button:hover{background:var(--card)}
.facts{display:grid;grid-template-columns:minmax(6rem,max-content) minmax(0,1fr);gap:.375rem 1.5rem;margin:0}
.facts.wide{grid-template-columns:minmax(0,16rem) minmax(0,1fr)}
.facts dt{color:var(--soft)}
.facts dd{margin:0}
.note{padding:.875rem 1.125rem;border-radius:8px;background:var(--good)}
.note h2{margin-top:0}
.note.bad{background:var(--bad)}
pre{overflow:auto;padding:1rem 1.125rem;border-radius:8px;background:var(--card);font-size:.875rem}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
code{font-size:.875rem}
@media (max-width:34rem){.facts,.facts.wide{grid-template-columns:1fr}.facts dd{margin-bottom:.625rem}.visitor{margin-left:0;width:100%;justify-content:space-between}}
`;
