// Where protobuf's text parser says something stands, as an offset and as a
// line and column that an editor shows.
#ifndef QUANTD_ENGINE_MODEL_TEXT_POSITIONS_H_
#define QUANTD_ENGINE_MODEL_TEXT_POSITIONS_H_

#include <cstddef>
#include <vector>

#include "absl/strings/string_view.h"

namespace quantd {

// The lines of one text.
//
// Threads: compatible. Asking in the order of the text is linear in all, also
// for long lines.
class TextPositions {
 public:
  // text: outlives this.
  explicit TextPositions(absl::string_view text);

  // Offset of the place that protobuf calls `line` and `column` (from 0; tabs
  // reach to multiples of 8); the end of the line, or of the text, if there is
  // no such place.
  size_t OffsetOf(int line, int column);

  // Bytes before that place in its line.
  size_t ColumnOf(int line, int column);

 private:
  const absl::string_view text_;
  std::vector<size_t> line_starts_;
  // The last answer, to go on from.
  size_t line_ = 0;
  size_t offset_ = 0;
  int visual_ = 0;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_MODEL_TEXT_POSITIONS_H_
