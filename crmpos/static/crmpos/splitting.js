// Shows how much of each line of a receipt is still to be placed while it is split over bills.
"use strict";

(() => {
    const kopecks = (text) => Math.round(Number(text.replace(/[\s\u00a0]/g, "").replace(",", ".")) * 100);

    const show = (row) => {
        const placed = [...row.querySelectorAll("input")].map((input) => kopecks(input.value || "0"));
        const left = kopecks(row.dataset.sum) - placed.reduce((sum, amount) => sum + amount, 0);
        const output = row.querySelector("output");
        output.textContent = Number.isNaN(left)
            ? "?"
            : (left / 100).toLocaleString(document.documentElement.lang, { minimumFractionDigits: 2 });
        output.classList.toggle("amount-missing", left !== 0);
    };

    for (const row of document.querySelectorAll(".split tr[data-sum]")) {
        row.addEventListener("input", () => show(row));
        show(row);
    }
})();
