// A page of HTML that needs nothing else: no network, no other file.
#ifndef QUANTD_ENGINE_REPORT_HTML_H_
#define QUANTD_ENGINE_REPORT_HTML_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace quantd {

// `text`, safe between tags and in quoted attributes; bytes that are no
// printable ASCII become '?'.
std::string HtmlEscape(absl::string_view text);

// Text of a summary: "99.80 %" over "same top-1".
struct HtmlTile {
  std::string value;
  std::string label;
};

struct HtmlCell {
  HtmlCell() = default;
  HtmlCell(std::string text) : text(std::move(text)) {}  // NOLINT: as text.

  std::string text;
  // A bar behind the text, [0, 1] of the cell's width; below 0: none.
  double bar = -1;
  bool bad = false;  // In the colour of warnings.
};

struct HtmlColumn {
  std::string title;
  bool number = false;  // To the right, sorted as a number.
  bool wraps = false;   // Long text takes several lines.
};

// A small histogram.
struct HtmlChart {
  std::string title;
  std::string note;             // Below the title, smaller.
  std::vector<double> heights;  // Of the bars, [0, 1].
  std::vector<double> marks;    // Vertical lines, [0, 1] of the width.
  std::string low;              // What the left and the right end stand for.
  std::string high;
};

// Builds a page from top to bottom. All text is escaped.
class HtmlPage {
 public:
  explicit HtmlPage(const std::string& title);

  void AddTiles(const std::vector<HtmlTile>& tiles);
  void AddParagraph(const std::string& text);
  void AddHeading(const std::string& text);
  // A click on a column's title sorts by it.
  void AddTable(const std::vector<HtmlColumn>& columns,
                const std::vector<std::vector<HtmlCell>>& rows);
  // Side by side, as many as fit.
  void AddCharts(const std::vector<HtmlChart>& charts);
  // A list with dots.
  void AddList(const std::vector<std::string>& items);

  std::string Finish() &&;

 private:
  std::string body_;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_REPORT_HTML_H_
