#include "client/cli/output/table.h"

#include <algorithm>
#include <ostream>

namespace quantd {
namespace {

// What a server sent must not move the cursor or split a line.
std::string Clean(const std::string& text) {
  std::string clean = text;
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return clean;
}

// Columns that UTF-8 text takes, one for each code point.
size_t Width(const std::string& text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (c & 0xc0) != 0x80; });
}

}  // namespace

Table::Table(std::vector<std::string> headers) : headers_(std::move(headers)) {
  for (std::string& header : headers_) {
    right_.push_back(!header.empty() && header[0] == '>');
    if (right_.back()) header.erase(0, 1);
  }
}

void Table::AddRow(std::vector<Cell> cells) {
  for (Cell& cell : cells) {
    cell.text = Clean(cell.text);
    cell.raw = Clean(cell.raw);
  }
  rows_.push_back(std::move(cells));
}

void Table::Print(bool terminal, bool color, std::ostream* out) const {
  if (terminal) return PrintAligned(color, out);
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      *out << (i == 0 ? "" : "\t") << row[i].raw;
    }
    *out << "\n";
  }
}

void Table::PrintAligned(bool color, std::ostream* out) const {
  std::vector<size_t> widths;
  for (const std::string& header : headers_) widths.push_back(Width(header));
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], Width(row[i].text));
    }
  }
  const auto print_line = [&](const std::vector<Cell>& cells) {
    std::string line;
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string space(widths[i] - Width(cells[i].text), ' ');
      const bool paint = color && !cells[i].color.empty();
      const std::string text =
          paint ? "\033[" + cells[i].color + "m" + cells[i].text + "\033[0m"
                : cells[i].text;
      if (i > 0) line += "  ";
      line += right_[i] ? space + text : text + space;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    *out << line << "\n";
  };
  if (std::any_of(headers_.begin(), headers_.end(),
                  [](const std::string& header) { return !header.empty(); })) {
    print_line(std::vector<Cell>(headers_.begin(), headers_.end()));
  }
  for (const auto& row : rows_) print_line(row);
}

}  // namespace quantd
