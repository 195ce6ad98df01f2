/* Draws the chart of a report from the figures that the page holds as data. Without it the table says the same. */
(function () {
    "use strict";

    const NAMES_BESIDE_EACH_OTHER = 8;
    const NAME_HEIGHT = 24;
    const LEGEND_HEIGHT = 96;

    const canvas = document.getElementById("report-chart");
    const data = document.getElementById("report-chart-data");
    if (!canvas || !data || typeof Chart === "undefined") {
        return;
    }
    const chart = JSON.parse(data.textContent);
    const language = document.documentElement.lang || "ru";
    const colours = ["#3a6796", "#9dbfdd", "#c98a1b"];

    function readInk(name) {
        return getComputedStyle(document.querySelector(".report")).getPropertyValue(name).trim() || "#555";
    }

    /* Many names stand below each other, for beside each other they cannot be read. */
    const lies = chart.labels.length > NAMES_BESIDE_EACH_OTHER;
    const across = lies ? "y" : "x";
    if (lies) {
        canvas.parentElement.style.height = chart.labels.length * NAME_HEIGHT + LEGEND_HEIGHT + "px";
    }

    function describe() {
        return {
            type: "bar",
            data: {
                labels: chart.labels,
                datasets: chart.series.map(function (series, place) {
                    return {
                        label: series.title,
                        data: series.figures.map(Number),
                        backgroundColor: colours[place % colours.length],
                        maxBarThickness: 42,
                    };
                }),
            },
            options: {
                animation: false,
                indexAxis: across,
                maintainAspectRatio: false,
                locale: language,
                color: readInk("--ink"),
                plugins: {
                    title: { display: true, text: chart.title, color: readInk("--ink"), align: "start" },
                    legend: { position: "bottom", display: chart.series.length > 1, labels: { color: readInk("--ink") } },
                },
                scales: {
                    [across]: {
                        stacked: chart.stacked,
                        ticks: { color: readInk("--quiet"), autoSkip: false },
                        grid: { display: false },
                    },
                    [lies ? "x" : "y"]: {
                        stacked: chart.stacked,
                        ticks: { color: readInk("--quiet") },
                        grid: { color: readInk("--edge") },
                    },
                },
            },
        };
    }

    let drawn = new Chart(canvas, describe());
    canvas.dataset.drawn = "yes";

    /* The page changes between light and dark without being loaded again. */
    new MutationObserver(function () {
        drawn.destroy();
        drawn = new Chart(canvas, describe());
    }).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
})();
