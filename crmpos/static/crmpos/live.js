/* An open page learns what has happened: it asks for the version of what it shows, and when that is another one it
   fetches itself and puts the new parts in the place of the old ones. The page says how:

   <meta name="live" data-address="…" data-version="…" data-regions="#content" data-changed="…" data-refresh="…"
         data-ended="…">

   Whoever is in the middle of something is not disturbed: then a line offers the new state. */
"use strict";

(() => {
    const EVERY_MILLISECONDS = 1500;
    const LONGEST_WAIT_MILLISECONDS = 30000;

    const meta = document.querySelector('meta[name="live"]');
    if (!meta) return;
    const words = meta.dataset;
    let version = words.version;
    let wait = EVERY_MILLISECONDS;
    let timer = 0;
    let offer = null;

    const regions = () => words.regions.split(",").map((selector) => selector.trim());

    const isInTheMiddle = () => {
        if (document.querySelector("dialog[open], input.action-select:checked")) return true;
        return regions().some((selector) => {
            const region = document.querySelector(selector);
            if (!region) return false;
            const field = document.activeElement;
            const types = field !== null && /^(INPUT|SELECT|TEXTAREA)$/.test(field.tagName) && field.type !== "checkbox";
            const looksUnderARow = region.querySelector("tr button[aria-expanded=true]") !== null;
            return looksUnderARow || (types && region.contains(field));
        });
    };

    const say = (text, action, label) => {
        offer?.remove();
        offer = document.createElement("div");
        offer.className = "live-offer";
        offer.setAttribute("role", "status");
        offer.append(text);
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = label;
        button.addEventListener("click", action);
        offer.append(" ", button);
        document.body.append(offer);
    };

    const keep = (region) => {
        const opened = [...region.querySelectorAll("details[open] > summary")].map((summary) => summary.textContent.trim());
        const focused = region.contains(document.activeElement) ? document.activeElement : null;
        const links = focused ? [...region.querySelectorAll("a, button, tr, summary")].indexOf(focused) : -1;
        return { opened, links };
    };

    const restore = (region, kept) => {
        for (const summary of region.querySelectorAll("details > summary")) {
            if (kept.opened.includes(summary.textContent.trim())) summary.parentElement.open = true;
        }
        if (kept.links >= 0) {
            focusSoon([...region.querySelectorAll("a, button, tr, summary")][kept.links]);
        }
    };

    // While unfold prepares the new parts it hides them for a moment, and what is hidden loses the focus.
    const focusSoon = (element, frames = 30) => {
        if (!element || !frames) return;
        if (document.activeElement === document.body) element.focus({ preventScroll: true });
        requestAnimationFrame(() => focusSoon(element, frames - 1));
    };

    const refresh = async (found) => {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "manual" });
        if (!answer.ok) return;
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        const replaced = [];
        for (const selector of regions()) {
            const [old, next] = [document.querySelector(selector), fresh.querySelector(selector)];
            if (!old || !next) continue;
            const kept = keep(old);
            const taken = document.adoptNode(next);
            old.replaceWith(taken);
            replaced.push([taken, kept]);
        }
        version = found;
        offer?.remove();
        offer = null;
        // What works on these parts prepares the new ones, before one of them takes the focus again.
        document.dispatchEvent(new CustomEvent("live:refreshed"));
        for (const [region, kept] of replaced) restore(region, kept);
    };

    const ask = async () => {
        const answer = await fetch(words.address, { headers: { Accept: "application/json" }, redirect: "manual" });
        if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
            say(words.ended, () => location.reload(), words.refresh);
            return false;
        }
        if (!answer.ok) throw new Error(answer.statusText);
        const found = (await answer.json()).version;
        if (found !== version) {
            if (isInTheMiddle()) say(words.changed, () => refresh(found), words.refresh);
            else await refresh(found);
        }
        return true;
    };

    const again = () => {
        clearTimeout(timer);
        if (document.hidden) return;
        timer = setTimeout(async () => {
            try {
                if (!(await ask())) return;
                wait = EVERY_MILLISECONDS;
            } catch {
                // The server or the network is away: it is asked less and less often, and nothing is said of it.
                wait = Math.min(wait * 2, LONGEST_WAIT_MILLISECONDS);
            }
            again();
        }, wait);
    };

    // A page that nobody looks at asks nothing; when it is looked at again, it asks at once.
    document.addEventListener("visibilitychange", () => {
        wait = document.hidden ? wait : 0;
        again();
    });
    // Another period is another page: what it shows was made a moment ago.
    again();
})();
