/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Puts what the server says now in the place of what it said. Where it does
 * not answer the page says since when: old figures are not shown as new. */
"use strict";

const everyMs = 2000;
const nameOf = e => e.getAttribute("aria-labelledby");
let answered = new Date();

function show(text) {
	const fresh = new DOMParser().parseFromString(text, "text/html");
	const main = fresh.querySelector("main");
	if (!main)
		throw new Error("no page");
	const focus = nameOf(document.activeElement), lefts = {};
	for (const e of document.querySelectorAll(".wide"))
		lefts[nameOf(e)] = e.scrollLeft;
	document.querySelector("main").replaceWith(main);
	document.title = fresh.title;
	for (const e of document.querySelectorAll(".wide")) {
		e.scrollLeft = lefts[nameOf(e)] || 0;
		if (nameOf(e) === focus)
			e.focus({ preventScroll: true });
	}
}

async function look() {
	const end = new AbortController();
	const late = setTimeout(() => end.abort(), 2 * everyMs);
	try {
		const answer = await fetch("/", { cache: "no-store",
						  signal: end.signal });
		if (!answer.ok)
			throw new Error(answer.status);
		show(await answer.text());
		answered = new Date();
		document.body.classList.remove("silent");
	} catch {
		document.getElementById("silence").textContent =
			"No answer since " + answered.toLocaleTimeString() +
			": what stands below is old.";
		document.title = "No answer: " +
			document.querySelector("h1").textContent;
		document.body.classList.add("silent");
	}
	clearTimeout(late);
	setTimeout(next, everyMs);
}

/* Nobody looks at a page that is hidden. */
function next() {
	if (document.hidden)
		document.addEventListener("visibilitychange", next,
					  { once: true });
	else
		look();
}

setTimeout(next, everyMs);
