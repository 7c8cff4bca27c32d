#include "engine/report/html.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace quantd {
namespace {

constexpr char kStyle[] = R"(
:root { color-scheme: light dark; --line: #8884; --bar: #4a90d955;
  --bad: #c0392b; }
@media (prefers-color-scheme: dark) { :root { --bad: #ff8a75; } }
body { font: 14px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem;
  max-width: 78rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.tiles { display: flex; flex-wrap: wrap; gap: 1rem; }
.tile { border: 1px solid var(--line); border-radius: 8px;
  padding: .6rem 1.2rem; }
.tile b { display: block; font-size: 1.35rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid var(--line);
  text-align: left; white-space: nowrap; }
th { cursor: pointer; user-select: none; position: sticky; top: 0;
  background: Canvas; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
.w { white-space: normal; overflow-wrap: anywhere; }
.bad { color: var(--bad); font-weight: 600; }
.charts { display: grid; gap: 1rem; margin-top: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); }
figure { margin: 0; border: 1px solid var(--line); border-radius: 8px;
  padding: .6rem; }
figcaption { overflow-wrap: anywhere; } figcaption span { opacity: .75; }
svg { width: 100%; height: 6rem; display: block; }
svg path { fill: #4a90d9; } svg line { stroke: var(--bad); stroke-width: 2;
  vector-effect: non-scaling-stroke; }
.ends { display: flex; justify-content: space-between; font-size: .85em; }
)";

constexpr char kScript[] = R"(
document.querySelectorAll('th').forEach(function (th) {
  th.addEventListener('click', function () {
    var body = th.closest('table').tBodies[0], i = th.cellIndex;
    var up = th.dataset.up !== '1', number = th.classList.contains('n');
    th.dataset.up = up ? '1' : '0';
    var rows = Array.prototype.slice.call(body.rows);
    rows.sort(function (a, b) {
      var x = a.cells[i].textContent, y = b.cells[i].textContent;
      var order = number ? (parseFloat(x) || 0) - (parseFloat(y) || 0)
                         : x.localeCompare(y);
      return up ? order : -order;
    });
    rows.forEach(function (row) { body.appendChild(row); });
  });
});
)";

std::string CellHtml(const HtmlColumn& column, const HtmlCell& cell) {
  std::string classes = column.number ? "n" : column.wraps ? "w" : "";
  if (cell.bad) absl::StrAppend(&classes, classes.empty() ? "" : " ", "bad");
  std::string style;
  if (cell.bar >= 0) {
    const double percent = 100 * std::min(cell.bar, 1.0);
    style = absl::StrFormat(
        " style=\"background:linear-gradient(to right,var(--bar) %.1f%%,"
        "transparent %.1f%%)\"",
        percent, percent);
  }
  return absl::StrCat("<td", classes.empty() ? "" : " class=\"", classes,
                      classes.empty() ? "" : "\"", style, ">",
                      HtmlEscape(cell.text), "</td>");
}

// The bars as one path over a field 1000 wide and 100 high, 0 at the top.
std::string BarsPath(const std::vector<double>& heights) {
  std::string path;
  const double width = 1000.0 / static_cast<double>(heights.size());
  for (size_t i = 0; i < heights.size(); ++i) {
    const double height = 100 * std::clamp(heights[i], 0.0, 1.0);
    if (height == 0) continue;
    absl::StrAppendFormat(&path, "M%.1f 100V%.1fh%.1fV100z",
                          static_cast<double>(i) * width, 100 - height, width);
  }
  return path;
}

std::string ChartHtml(const HtmlChart& chart) {
  std::string html =
      absl::StrCat("<figure><figcaption><b>", HtmlEscape(chart.title),
                   "</b><br><span>", HtmlEscape(chart.note),
                   "</span></figcaption><svg viewBox=\"0 0 1000 100\" "
                   "preserveAspectRatio=\"none\"><path d=\"",
                   BarsPath(chart.heights), "\"/>");
  for (const double mark : chart.marks) {
    const double x = 1000 * std::clamp(mark, 0.0, 1.0);
    absl::StrAppendFormat(&html,
                          "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" "
                          "y2=\"100\"/>",
                          x, x);
  }
  absl::StrAppend(&html, "</svg><div class=\"ends\"><span>",
                  HtmlEscape(chart.low), "</span><span>",
                  HtmlEscape(chart.high), "</span></div></figure>\n");
  return html;
}

}  // namespace

std::string HtmlEscape(absl::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped.push_back(absl::ascii_isprint(c) ? c : '?');
    }
  }
  return escaped;
}

HtmlPage::HtmlPage(const std::string& title)
    : body_(absl::StrCat("<!DOCTYPE html>\n<html lang=\"en\"><head><meta "
                         "charset=\"utf-8\">\n<meta name=\"viewport\" "
                         "content=\"width=device-width\">\n<title>",
                         HtmlEscape(title), "</title>\n<style>", kStyle,
                         "</style></head>\n<body>\n<h1>", HtmlEscape(title),
                         "</h1>\n")) {}

void HtmlPage::AddTiles(const std::vector<HtmlTile>& tiles) {
  body_ += "<div class=\"tiles\">\n";
  for (const HtmlTile& tile : tiles) {
    absl::StrAppend(&body_, "<div class=\"tile\"><b>", HtmlEscape(tile.value),
                    "</b>", HtmlEscape(tile.label), "</div>\n");
  }
  body_ += "</div>\n";
}

void HtmlPage::AddParagraph(const std::string& text) {
  absl::StrAppend(&body_, "<p>", HtmlEscape(text), "</p>\n");
}

void HtmlPage::AddHeading(const std::string& text) {
  absl::StrAppend(&body_, "<h2>", HtmlEscape(text), "</h2>\n");
}

void HtmlPage::AddTable(const std::vector<HtmlColumn>& columns,
                        const std::vector<std::vector<HtmlCell>>& rows) {
  body_ += "<div class=\"scroll\"><table><thead><tr>";
  for (const HtmlColumn& column : columns) {
    absl::StrAppend(&body_, column.number ? "<th class=\"n\">" : "<th>",
                    HtmlEscape(column.title), "</th>");
  }
  body_ += "</tr></thead>\n<tbody>\n";
  for (const std::vector<HtmlCell>& row : rows) {
    body_ += "<tr>";
    for (size_t i = 0; i < columns.size() && i < row.size(); ++i) {
      body_ += CellHtml(columns[i], row[i]);
    }
    body_ += "</tr>\n";
  }
  body_ += "</tbody></table></div>\n";
}

void HtmlPage::AddCharts(const std::vector<HtmlChart>& charts) {
  body_ += "<div class=\"charts\">\n";
  for (const HtmlChart& chart : charts) body_ += ChartHtml(chart);
  body_ += "</div>\n";
}

void HtmlPage::AddList(const std::vector<std::string>& items) {
  body_ += "<ul>\n";
  for (const std::string& item : items) {
    absl::StrAppend(&body_, "<li>", HtmlEscape(item), "</li>\n");
  }
  body_ += "</ul>\n";
}

std::string HtmlPage::Finish() && {
  absl::StrAppend(&body_, "<script>", kScript, "</script>\n</body></html>\n");
  return std::move(body_);
}

}  // namespace quantd
