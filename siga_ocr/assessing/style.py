"""How a report looks; no script, no font and nothing else from the network."""

STYLE = """
:root { color-scheme: light dark; --ink: #1d2329; --dim: #66707a; --line: #d9dee3; --paper: #fff; --panel: #f5f7f9; --first: #1c6dd0;
  --second: #c4611b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaee; --dim: #99a4af; --line: #3a434c; --paper: #14181c; --panel: #1d2329; --first: #6aa9f4;
  --second: #f0995a; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1040px; margin: 0 auto; padding: 24px; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 36px 0 10px; }
p { max-width: 75ch; } .dim, figcaption { color: var(--dim); } .mono, td code { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(170px, 1fr)); gap: 10px; margin: 18px 0; }
.tile { background: var(--panel); border-radius: 8px; padding: 12px 14px; }
.tile b { display: block; font-size: 24px; font-variant-numeric: tabular-nums; }
.tile span { color: var(--dim); font-size: 13px; } .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(380px, 1fr)); gap: 18px; }
figure { margin: 0; } figure.crop { margin: 14px 0; } img { max-width: 100%; vertical-align: middle; border-radius: 3px; }
td img { max-height: 40px; margin-right: 6px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; } th { text-align: left; color: var(--dim); font-weight: 500; }
td, th { padding: 4px 16px 4px 0; border-bottom: 1px solid var(--line); vertical-align: middle; } .number { text-align: right; }
svg { width: 100%; height: auto; } svg text { font-size: 11px; fill: var(--dim); } .grid { stroke: var(--line); fill: none; }
.guide { stroke: var(--dim); stroke-dasharray: 4 4; fill: none; } .line { fill: none; stroke-width: 2; }
.line0 { stroke: var(--first); } .line1 { stroke: var(--second); }
.dot0, .bar { fill: var(--first); } .dot1 { fill: var(--second); } svg .legend0 { fill: var(--first); font-size: 13px; }
svg .legend1 { fill: var(--second); font-size: 13px; }
mark { background: none; color: var(--second); font-weight: 600; }
"""
