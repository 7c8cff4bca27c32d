#include "engine/report/html.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace quantd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(HtmlTest, EscapesWhatHasAMeaning) {
  EXPECT_EQ(HtmlEscape("a<b>&\"c'\n\xff"), "a&lt;b&gt;&amp;&quot;c&#39;??");
}

TEST(HtmlTest, NothingOfAUserIsMarkup) {
  const std::string evil = "</td><script>alert(1)</script>";
  HtmlPage page(evil);
  page.AddTiles({{evil, evil}});
  page.AddHeading(evil);
  page.AddParagraph(evil);
  page.AddTable({{evil, true}}, {{HtmlCell(evil)}});
  page.AddCharts({{evil, evil, {1.0}, {0.5}, evil, evil}});
  page.AddList({evil});
  const std::string html = std::move(page).Finish();
  EXPECT_THAT(html, Not(HasSubstr("alert(1)</script>")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)"));
}

TEST(HtmlTest, NeedsNoNetwork) {
  HtmlPage page("report");
  EXPECT_THAT(std::move(page).Finish(), Not(HasSubstr("http")));
}

TEST(HtmlTest, CellsHaveBarsAndWarnings) {
  HtmlPage page("report");
  HtmlCell cell("7");
  cell.bar = 0.25;
  cell.bad = true;
  page.AddTable({{"name", false}, {"value", true}}, {{HtmlCell("x"), cell}});
  const std::string html = std::move(page).Finish();
  EXPECT_THAT(html, HasSubstr("<td>x</td><td class=\"n bad\" style="));
  EXPECT_THAT(html, HasSubstr("var(--bar) 25.0%"));
}

TEST(HtmlTest, ChartsHaveBarsAndMarks) {
  HtmlPage page("report");
  page.AddCharts({{"conv1", "8 bits", {0.5, 0.0, 7.0}, {0.25}, "-1", "3"}});
  const std::string html = std::move(page).Finish();
  EXPECT_THAT(html, HasSubstr("d=\"M0.0 100V50.0h333.3V100z"
                              "M666.7 100V0.0h333.3V100z\""));
  EXPECT_THAT(html, HasSubstr("x1=\"250.0\""));
}

}  // namespace
}  // namespace quantd
