/* The owner's page: draws its chart from the table below it, and prints that table open. */
(function () {
    "use strict";

    const BILLED = 0;
    const RECEIVED = 1;
    let drawn = [];

    function readColour(name) {
        return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    }

    function readSeries(table, place) {
        return Array.from(table.tBodies[0].rows, function (row) {
            return Number(row.querySelectorAll("td")[place].dataset.value);
        });
    }

    function describe(table) {
        const titles = Array.from(table.tHead.rows[0].cells, (cell) => cell.textContent.trim());
        const ink = readColour("--ink");
        const quiet = readColour("--quiet");
        return {
            type: "bar",
            data: {
                labels: Array.from(table.tBodies[0].rows, (row) => row.cells[0].textContent.trim()),
                datasets: [BILLED, RECEIVED].map(function (place) {
                    return {
                        label: titles[place + 1],
                        data: readSeries(table, place),
                        backgroundColor: readColour(place === BILLED ? "--billed" : "--received"),
                        maxBarThickness: 28,
                    };
                }),
            },
            options: {
                animation: false,
                maintainAspectRatio: false,
                locale: document.documentElement.lang || "ru",
                plugins: { legend: { position: "bottom", labels: { color: ink } } },
                scales: {
                    x: { ticks: { color: quiet }, grid: { display: false } },
                    y: { beginAtZero: true, ticks: { color: quiet }, grid: { color: readColour("--edge") } },
                },
            },
        };
    }

    function draw() {
        drawn.forEach((chart) => chart.destroy());
        drawn = [];
        if (typeof Chart === "undefined") {
            return;
        }
        document.querySelectorAll("canvas[data-chart]").forEach(function (canvas) {
            const table = document.getElementById(canvas.dataset.chart);
            if (table && table.tBodies[0].rows.length) {
                drawn.push(new Chart(canvas, describe(table)));
                canvas.dataset.drawn = "yes";
            }
        });
    }

    document.addEventListener("DOMContentLoaded", draw);
    document.addEventListener("htmx:afterSettle", draw);
    document.addEventListener("live:refreshed", function () {
        if (typeof htmx !== "undefined") {
            htmx.process(document.getElementById("content"));
        }
        draw();
    });
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);

    /* What is folded away on the screen stands on paper. */
    window.addEventListener("beforeprint", function () {
        document.querySelectorAll("details.as-table").forEach(function (details) {
            details.dataset.wasOpen = details.open ? "yes" : "";
            details.open = true;
        });
    });
    window.addEventListener("afterprint", function () {
        document.querySelectorAll("details.as-table").forEach(function (details) {
            details.open = Boolean(details.dataset.wasOpen);
        });
    });
})();
