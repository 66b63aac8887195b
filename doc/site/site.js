// SPDX-License-Identifier: BSD-3-Clause
// Copyright(c) 2026 The wcnic authors
// The script of the theme does not start in Debian 12. A page would then be half dark for who prefers dark ones.
window.addEventListener("load", function () {
	if (document.documentElement.classList.contains("no-js"))
		document.body.dataset.theme = "light";
});
