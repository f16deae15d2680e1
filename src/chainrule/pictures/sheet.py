"""The style sheet of a page: system fonts, light and dark, from a phone to a wide screen, and on paper."""

from __future__ import annotations

from .colours import variables

_RULES = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;background:var(--cr-paper)}
body{margin:0 auto;max-width:1120px;padding:clamp(20px,5vw,64px) clamp(12px,4vw,40px) 64px;
  background:var(--cr-paper);color:var(--cr-ink);
  font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif}
h1,h2{font-family:ui-serif,"Iowan Old Style",Charter,"Palatino Linotype",Georgia,serif;font-weight:600;
  line-height:1.15;letter-spacing:-.012em;text-wrap:balance;overflow-wrap:anywhere}
h1{font-size:clamp(30px,5.4vw,50px);margin:0}
h2{font-size:clamp(21px,2.6vw,27px);margin:0}
.subtitle{margin:10px 0 0;font-size:clamp(16px,1.8vw,19px);color:var(--cr-quiet);max-width:68ch;
  overflow-wrap:anywhere}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(132px,1fr));gap:22px 28px;
  margin:clamp(24px,4vw,40px) 0 0;padding:22px 0 0;border-top:2px solid var(--cr-ink)}
.facts div{display:flex;flex-direction:column-reverse;justify-content:flex-end}
.facts dt{font-size:13.5px;color:var(--cr-quiet);margin-top:3px}
.facts dd{margin:0;font-size:clamp(21px,2.5vw,28px);font-weight:620;line-height:1.15;letter-spacing:-.02em;
  font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.facts div:first-child dd{color:var(--cr-right)}
section{margin-top:clamp(44px,6.5vw,72px)}
section>p{margin:6px 0 0;color:var(--cr-quiet);max-width:68ch;overflow-wrap:anywhere}
.body{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,440px),1fr));gap:20px;margin-top:20px;
  align-items:start}
.body>*{grid-column:1/-1;min-width:0;margin:0}
.card{background:var(--cr-card);border-radius:10px;padding:20px;border:1px solid var(--cr-grid)}
.body>figure.card{grid-column:auto;display:flex;flex-direction:column;align-items:flex-start;gap:14px}
.body>figure.wide{grid-column:1/-1}
figure.card>img{max-width:100%;height:auto}
figcaption{align-self:stretch;font-size:14.5px;line-height:1.45;color:var(--cr-quiet);overflow-wrap:anywhere}
img{image-rendering:pixelated}
.gallery{display:grid;gap:22px 16px}
.gallery figure{margin:0}
.gallery img{display:block;width:100%;height:auto;border-radius:5px;background:var(--cr-grid)}
.gallery figcaption{margin-top:7px;font-size:13.5px;line-height:1.35}
.gallery strong{display:block;color:var(--cr-wrong);font-weight:620;text-wrap:balance}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:15px;font-variant-numeric:tabular-nums}
th,td{padding:8px 14px 8px 0;text-align:left;border-bottom:1px solid var(--cr-grid);vertical-align:baseline}
th:last-child,td:last-child{padding-right:0}
tr:last-child td{border-bottom:0}
th{font-size:13.5px;font-weight:600;color:var(--cr-quiet);border-bottom-color:var(--cr-rule)}
.number{text-align:right;white-space:nowrap}
.nothing{color:var(--cr-quiet)}
@media (max-width:520px){.card{padding:14px 11px}.body{gap:14px}}
@media print{body{padding:0;max-width:none}section,figure{break-inside:avoid}}
"""


def style_sheet() -> str:
    """Return the CSS of a page.

    >>> "prefers-color-scheme:dark" in style_sheet()
    True
    """
    return variables(":root") + _RULES
