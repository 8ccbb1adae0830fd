/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What WCAG 2.1 asks of a page, as far as a program can tell: names, order,
 * contrast (1.1.1, 1.3.1, 1.4.1, 1.4.3, 1.4.11, 2.4.6, 4.1.2). Returns a line
 * for each fault; run by status_page_test.py. */
"use strict";

const faults = [];
const all = (what, within = document) => [...within.querySelectorAll(what)];

function fault(element, words) {
	const id = element.id ? "#" + element.id : "";
	faults.push(`${element.localName}${id}: ${words}: ` +
		    element.textContent.trim().slice(0, 40));
}

/* ---- Names --------------------------------------------------------------- */

const labelled = e => (e.getAttribute("aria-labelledby") || "").split(" ")
	.map(id => document.getElementById(id)?.textContent || "").join("");

const nameOf = e => (labelled(e) || e.getAttribute("aria-label") ||
		     e.querySelector("title, caption")?.textContent ||
		     "").trim();

const isHidden = e => e.closest("[aria-hidden=true]") !== null;

function checkNames() {
	for (const e of all("svg").filter(e => !isHidden(e))) {
		if (e.getAttribute("role") !== "img")
			fault(e, "a graphic without the role");
		if (!e.querySelector("title")?.textContent.trim())
			fault(e, "a graphic without a title");
	}
	for (const e of all("table, section, [role=region]"))
		if (!nameOf(e))
			fault(e, "has no name");
	for (const e of all("a, button, input, select, textarea"))
		if (!nameOf(e) && !e.textContent.trim())
			fault(e, "has no name");
	for (const e of all("[tabindex]"))
		if (e.tabIndex > 0 || !e.getAttribute("role") || !nameOf(e))
			fault(e, "is met by the keyboard without a name");
	for (const e of all("img"))
		if (!e.hasAttribute("alt"))
			fault(e, "has no alt");
	for (const e of all("figure"))
		if (!e.querySelector("figcaption")?.textContent.trim())
			fault(e, "has no caption");
	const names = all("svg[role=img], table").map(nameOf);
	for (const name of names.filter((n, i) => names.indexOf(n) !== i))
		faults.push(`two have the name ${name}`);
}

/* ---- Order --------------------------------------------------------------- */

function checkTables() {
	for (const e of all("th"))
		if (!["col", "row"].includes(e.scope))
			fault(e, "of what is it the head");
	for (const row of all("tbody tr"))
		if (row.querySelectorAll("th[scope=row]").length !== 1)
			fault(row, "has not one head");
}

function checkOrder() {
	if (!document.documentElement.lang)
		faults.push("no language");
	if (!document.title.trim())
		faults.push("no title");
	for (const what of ["h1", "main"])
		if (all(what).length !== 1)
			faults.push(`not one ${what}`);
	const levels = all("h1, h2, h3, h4").map(e => Number(e.localName[1]));
	if (levels.some((l, i) => l > (i > 0 ? levels[i - 1] : 0) + 1))
		faults.push(`a level is left out: ${levels}`);
	const ids = all("[id]").map(e => e.id);
	for (const id of ids.filter((id, i) => ids.indexOf(id) !== i))
		faults.push(`twice: #${id}`);
	for (const e of all("[aria-labelledby]"))
		if (!labelled(e))
			fault(e, "is named by what is not there");
	for (const e of all("[style], style, [onclick], script:not([src])"))
		fault(e, "is inline");
}

/* ---- Colours ------------------------------------------------------------- */

/* Red, green, blue and alpha. */
const parse = text => {
	const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number);
	return [r, g, b, a];
};

const over = (top, ground, alpha) =>
	top.slice(0, 3).map((c, i) => c * alpha + ground[i] * (1 - alpha));

function groundOf(element) {
	for (let e = element; e; e = e.parentElement) {
		const ground = parse(getComputedStyle(e).backgroundColor);
		if (ground[3] === 1)
			return ground;
		if (ground[3] > 0)
			fault(e, "has a ground to be seen through");
	}
	fault(element, "stands on no ground");
	return [255, 255, 255, 1];
}

function opacityOf(element) {
	let opacity = 1;
	for (let e = element; e; e = e.parentElement)
		opacity *= Number(getComputedStyle(e).opacity);
	return opacity;
}

function brightness(colour) {
	const [r, g, b] = colour.map(c => c / 255).map(
		c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
	return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(element, colour) {
	const ground = groundOf(element), top = parse(colour);
	const seen = over(top, ground, top[3] * opacityOf(element));
	const both = [brightness(seen), brightness(ground.slice(0, 3))];
	return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
}

function checkContrast() {
	const texts = document.createTreeWalker(document.body,
						NodeFilter.SHOW_TEXT);
	let seen = 0;
	while (texts.nextNode()) {
		const e = texts.currentNode.parentElement;
		if (!texts.currentNode.data.trim() || e.closest("noscript, svg")
		    || e.getClientRects().length === 0)
			continue;
		seen++;
		const c = contrast(e, getComputedStyle(e).color);
		if (c < 4.5)
			fault(e, `contrast ${c.toFixed(2)}`);
	}
	if (seen === 0)
		faults.push("there is no text");
	for (const e of all("polyline")) {
		const c = contrast(e, getComputedStyle(e).stroke);
		if (c < 3)
			fault(e, `${e.getAttribute("class")}: contrast ` +
			      c.toFixed(2));
	}
}

/* Lines of a plot differ in more than in their colour, and each is in its
 * key. */
function checkLines() {
	for (const figure of all("figure")) {
		const dashes = what => all(what, figure).map(
			e => getComputedStyle(e).strokeDasharray);
		const lines = dashes("svg[role=img] polyline");
		if (lines.length === 0)
			fault(figure, "has no line");
		if (new Set(lines).size !== lines.length)
			fault(figure, "has lines that look the same");
		if (lines.join() !== dashes("svg.sign polyline").join())
			fault(figure, "has another key");
		if (!/\d/.test(figure.querySelector(".key")?.textContent))
			fault(figure, "has no figures");
	}
}

checkNames();
checkTables();
checkOrder();
checkContrast();
checkLines();
return faults;
