#include "engine/model/text_positions.h"

#include <algorithm>

namespace quantd {
namespace {

constexpr int kTabWidth = 8;  // Of protobuf's column numbers.

}  // namespace

TextPositions::TextPositions(absl::string_view text)
    : text_(text), line_starts_({0}) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') line_starts_.push_back(i + 1);
  }
}

size_t TextPositions::OffsetOf(int line, int column) {
  const size_t index =
      std::min(static_cast<size_t>(std::max(line, 0)), line_starts_.size() - 1);
  if (index != line_ || column < visual_ || offset_ < line_starts_[index]) {
    line_ = index;
    offset_ = line_starts_[index];
    visual_ = 0;
  }
  while (offset_ < text_.size() && visual_ < column && text_[offset_] != '\n') {
    visual_ += text_[offset_] == '\t' ? kTabWidth - visual_ % kTabWidth : 1;
    ++offset_;
  }
  return offset_;
}

size_t TextPositions::ColumnOf(int line, int column) {
  const size_t offset = OffsetOf(line, column);
  return offset - line_starts_[line_];
}

}  // namespace quantd
