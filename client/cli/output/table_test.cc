#include "client/cli/output/table.h"

#include <sstream>

#include "gtest/gtest.h"

namespace quantd {
namespace {

std::string Print(const Table& table, bool terminal, bool color) {
  std::ostringstream out;
  table.Print(terminal, color, &out);
  return out.str();
}

Table SomeTable() {
  Table table({"NAME", ">SIZE"});
  table.AddRow({"a", Cell("1.0 KiB", "1024")});
  table.AddRow({"longer", "7"});
  return table;
}

TEST(TableTest, AlignedOnATerminal) {
  EXPECT_EQ(Print(SomeTable(), true, false),
            "NAME       SIZE\n"
            "a       1.0 KiB\n"
            "longer        7\n");
}

TEST(TableTest, RawTabSeparatedWithoutHeaderInAPipe) {
  EXPECT_EQ(Print(SomeTable(), false, false), "a\t1024\nlonger\t7\n");
}

TEST(TableTest, EmptyHeadersPrintNoHeader) {
  Table table({"", ""});
  table.AddRow({"id", "x"});
  EXPECT_EQ(Print(table, true, false), "id  x\n");
}

TEST(TableTest, ColorOnlyWhenAskedFor) {
  Table table({"", ""});
  Cell cell("OK");
  cell.color = "32";
  table.AddRow({cell, "x"});
  EXPECT_EQ(Print(table, true, true), "\033[32mOK\033[0m  x\n");
  EXPECT_EQ(Print(table, true, false), "OK  x\n");
  EXPECT_EQ(Print(table, false, true), "OK\tx\n");
}

TEST(TableTest, ControlCharactersDoNotGetThrough) {
  Table table({"", ""});
  table.AddRow({"a\tb\nc", "\033[2J"});
  EXPECT_EQ(Print(table, false, false), "a b c\t [2J\n");
}

TEST(TableTest, Utf8TakesOneColumnPerCodePoint) {
  Table table({"", ""});
  table.AddRow({"\xc3\xa4", "x"});
  table.AddRow({"bb", "y"});
  EXPECT_EQ(Print(table, true, false), "\xc3\xa4   x\nbb  y\n");
}

}  // namespace
}  // namespace quantd
