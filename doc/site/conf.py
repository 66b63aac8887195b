# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""How Sphinx makes the site of doc/*.md; doc/site/build runs it."""
import os

project = "wcnic"
copyright = "2026 The wcnic authors"
version = release = os.environ["WCNIC_SITE_VERSION"]
extensions = ["myst_parser"]
# The anchors of headings are those that links in the pages have.
myst_heading_anchors = 6
highlight_language = "none"
html_theme = "furo"
html_title = f"wcnic {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_copy_source = False
html_show_sphinx = False
html_last_updated_fmt = None
html_theme_options = {"navigation_with_keys": True}
