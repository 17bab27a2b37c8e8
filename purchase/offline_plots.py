"""Let ``dvc plots show`` and ``dvc plots diff`` write pages that need no network: ``python -m purchase.offline_plots``.

DVC's own page loads Vega, which draws the plots, from a web service. This one holds Vega, from the package vl-convert.
It lies in the environment, and only this clone's ``.dvc/config.local`` names it: no other clone's DVC looks for it.
"""

import os
import subprocess
import sys
from pathlib import Path

import vl_convert

from purchase.files import whole

PAGE = Path(sys.prefix) / "share" / "dvc_plots.html"
VEGA_LITE = "5.21"  # of the schema of DVC's templates

_HTML = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
{refresh_tag}
<title>DVC plots</title>
<script>
%s
</script>
<style>
body {font-family: sans-serif}
table {border-spacing: 15px}
img {max-width: 46vw}
</style>
</head>
<body>
{plot_divs}
</body>
</html>
"""


def page():
    """Return the template of a page: HTML with Vega in it and DVC's placeholders ``{refresh_tag}``, ``{plot_divs}``."""
    vega = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    return _HTML % vega.replace("</script", "<\\/script")  # which would end the script in the middle


def main():
    with whole(PAGE) as part:
        part.write_text(page(), encoding="utf-8")
    # DVC takes the path as relative to .dvc/, which survives a move of the checkout with its environment.
    setting = ["config", "--local", "plots.html_template", os.path.relpath(PAGE, ".dvc")]
    sys.exit(subprocess.run([sys.executable, "-m", "dvc", *setting], check=False).returncode)


if __name__ == "__main__":
    main()
