// Rows of a command's result: aligned columns for people, tab-separated values
// without a header for scripts.
#ifndef QUANTD_CLIENT_CLI_OUTPUT_TABLE_H_
#define QUANTD_CLIENT_CLI_OUTPUT_TABLE_H_

#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

namespace quantd {

// One value. `raw` is what a script gets: no units, nothing cut.
struct Cell {
  Cell(std::string text) : text(text), raw(std::move(text)) {}  // NOLINT
  Cell(const char* text) : Cell(std::string(text)) {}           // NOLINT
  Cell(std::string text, std::string raw)
      : text(std::move(text)), raw(std::move(raw)) {}

  std::string text;
  std::string raw;
  // ANSI colour ("32"), used only on a terminal; empty: none.
  std::string color;
};

// Example:
//   Table table({"ID", "STATE"});
//   table.AddRow({job.id(), StateName(job.state())});
//   table.Print(terminal, color, &std::cout);
class Table {
 public:
  // `headers` may all be empty: then none is printed. A header that starts with
  // '>' (not printed) aligns its column to the right.
  explicit Table(std::vector<std::string> headers);

  // As many cells as headers.
  void AddRow(std::vector<Cell> cells);
  bool empty() const { return rows_.empty(); }

  // terminal: aligned, with header; else tab-separated raw values, in which
  // tabs and line ends become spaces. Control characters never get through.
  void Print(bool terminal, bool color, std::ostream* out) const;

 private:
  void PrintAligned(bool color, std::ostream* out) const;

  std::vector<std::string> headers_;
  std::vector<bool> right_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace quantd

#endif  // QUANTD_CLIENT_CLI_OUTPUT_TABLE_H_
