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
.bad { color: var(--bad); font-weight: 600; }
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
  std::string classes = column.number ? "n" : "";
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

std::string HtmlPage::Finish() && {
  absl::StrAppend(&body_, "<script>", kScript, "</script>\n</body></html>\n");
  return std::move(body_);
}

}  // namespace quantd
