/* The queue of discrepancies without a mouse, and the lines that open under a row.
   Everything it does goes through a button, a link or a form of the page: whoever may not press one cannot here. */
"use strict";

(() => {
    const REMEMBERED_ROW = "queue-row";
    const REMEMBERED_QUERY = "queue-query";

    const list = () => document.querySelector("#result_list");
    const rows = () => [...document.querySelectorAll("#result_list tr.data-row")];
    const rowOf = (element) => element?.closest?.("#result_list tr.data-row") ?? null;
    const keyOf = (row) => row.querySelector("[data-lines], input.action-select")?.dataset.lines ?? "";
    const currentRow = () => rowOf(document.activeElement) ?? document.querySelector("tr.data-row.current");

    // --- the row on which the keys work ---

    const focusRow = (row) => {
        if (!row) return;
        for (const other of rows()) {
            other.tabIndex = -1;
            other.classList.remove("current");
        }
        row.tabIndex = 0;
        row.classList.add("current");
        row.focus({ preventScroll: true });
        row.scrollIntoView({ block: "nearest" });
    };

    const move = (step) => {
        const all = rows();
        const here = all.indexOf(currentRow());
        focusRow(here < 0 ? all[0] : all[Math.min(Math.max(here + step, 0), all.length - 1)]);
    };

    // A step loads the list again: the next row to be worked is where the last one was.
    const remember = (row) => {
        const place = { key: keyOf(row), index: rows().indexOf(row), path: location.pathname };
        sessionStorage.setItem(REMEMBERED_ROW, JSON.stringify(place));
    };

    const recall = () => {
        const place = JSON.parse(sessionStorage.getItem(REMEMBERED_ROW) ?? "null");
        sessionStorage.removeItem(REMEMBERED_ROW);
        if (!place || place.path !== location.pathname) return;
        const all = rows();
        focusRow(all.find((row) => place.key && keyOf(row) === place.key) ?? all[Math.min(place.index, all.length - 1)]);
    };

    // --- the lines under a row ---

    const toggleLines = async (row) => {
        const button = row.querySelector("[data-lines]");
        if (!button) return;
        const held = row.parentElement.querySelector(".lines-row");
        const opens = button.getAttribute("aria-expanded") !== "true";
        button.setAttribute("aria-expanded", String(opens));
        if (held) {
            held.hidden = !opens;
            return;
        }
        const words = document.querySelector("#queue-words").dataset;
        const place = document.createElement("tr");
        place.className = "lines-row";
        const cell = place.insertCell();
        cell.colSpan = row.cells.length;
        cell.setAttribute("aria-live", "polite");
        cell.textContent = words.loading;
        row.after(place);
        try {
            const answer = await fetch(button.dataset.lines, { headers: { Accept: "text/html" } });
            if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
            cell.innerHTML = await answer.text();
        } catch {
            cell.textContent = words.failed;
            button.setAttribute("aria-expanded", "false");
            button.addEventListener("click", () => place.remove(), { once: true, capture: true });
        }
    };

    // --- steps ---

    const act = (name) => {
        const form = document.querySelector("#changelist-form");
        const choice = form?.querySelector(`select[name=action] option[value=${name}]`);
        const row = currentRow();
        if (!choice) return;
        if (!form.querySelector("input.action-select:checked")) {
            const box = row?.querySelector("input.action-select");
            if (!box) return;
            box.checked = true;
        }
        if (row) remember(row);
        choice.parentElement.value = name;
        form.submit();
    };

    const openWork = (step) => {
        const form = document.querySelector(`form[action$="/work/${step}/"]`);
        if (!form) return;
        const folded = form.closest("details");
        if (!folded) {
            form.requestSubmit();
            return;
        }
        folded.open = true;
        folded.scrollIntoView({ block: "nearest" });
        form.querySelector("select, textarea, input:not([type=hidden])")?.focus();
    };

    const showHelp = () => document.querySelector("#queue-help")?.showModal();

    // --- keys ---

    const LIST_KEYS = {
        j: () => move(1),
        k: () => move(-1),
        t: () => act("take_selected"),
        r: () => act("resolve_selected"),
        "?": showHelp,
    };
    // These have a meaning of their own everywhere else: they work on a row that has the focus.
    const ROW_KEYS = {
        ArrowDown: () => move(1),
        ArrowUp: () => move(-1),
        Enter: (row) => row.querySelector("th a[href], td a[href]:not(.text-link)")?.click(),
        " ": (row) => toggleLines(row),
    };
    const PAGE_KEYS = {
        n: () => document.querySelector("a[data-key=n]")?.click(),
        p: () => document.querySelector("a[data-key=p]")?.click(),
        t: () => openWork("take"),
        r: () => openWork("resolve"),
        "?": showHelp,
    };

    // On a Russian keyboard the same keys give other letters.
    const letterOf = (event) => {
        if (/^[a-z?]$/i.test(event.key) || event.key.length > 1 || event.key === " ") return event.key;
        if (event.code === "Slash" || event.code === "Digit7") return event.shiftKey ? "?" : event.key;
        return /^Key[A-Z]$/.test(event.code) ? event.code.slice(3).toLowerCase() : event.key;
    };

    const isTyping = (element) =>
        element.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName) || element.closest("dialog[open]");

    document.addEventListener("keydown", (event) => {
        const { target } = event;
        if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
        const isBox = target.matches?.("input.action-select");
        if (!(target instanceof Element) || (isTyping(target) && !isBox)) return;
        const key = letterOf(event);
        const onRow = target.matches("tr.data-row");
        const pageKeys = document.querySelector("a[data-key=n]") ? PAGE_KEYS : {};
        const does = (onRow && ROW_KEYS[key]) || (list() ? LIST_KEYS[key] : pageKeys[key]);
        if (!does || (event.shiftKey && key !== "?")) return;
        event.preventDefault();
        event.stopPropagation(); // the side bar of unfold has another meaning for t
        does(target);
    });

    document.addEventListener("click", (event) => {
        const button = event.target.closest("[data-lines]");
        if (button) toggleLines(rowOf(button));
        if (event.target.closest("[data-queue-help]")) showHelp();
    });

    document.addEventListener("focusin", (event) => {
        const row = rowOf(event.target);
        if (!row) return;
        for (const other of rows()) other.classList.toggle("current", other === row);
    });

    // What is empty need not stand in the address.
    document.addEventListener("submit", (event) => {
        if (!event.target.matches(".queue-bar")) return;
        for (const field of event.target.elements) if (field.name && !field.value) field.disabled = true;
    });

    // Until unfold has started, nothing of the page can take the focus.
    window.addEventListener("load", () => {
        if (list()) recall();
    });

    const letKeysIn = () => rows().forEach((row, index) => (row.tabIndex = index ? -1 : 0));
    document.addEventListener("live:refreshed", letKeysIn);

    document.addEventListener("DOMContentLoaded", () => {
        if (list()) {
            letKeysIn();
            sessionStorage.setItem(REMEMBERED_QUERY, location.search.slice(1));
            return;
        }
        // After a step the address of a discrepancy's page no longer says how the queue was filtered.
        const query = sessionStorage.getItem(REMEMBERED_QUERY);
        if (!query) return;
        for (const link of document.querySelectorAll(".queue-nav a[data-key]")) {
            const address = new URL(link.href);
            if (address.search) continue;
            address.searchParams.set("_changelist_filters", query);
            link.href = address.href;
        }
    });
})();
