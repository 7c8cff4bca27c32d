#include "engine/config/strict_json.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"

namespace quantd {
namespace {

constexpr size_t kMaxBytes = size_t{16} << 20;
constexpr size_t kMaxDepth = 32;

// Walks through a document without building it; finds the first syntax error
// and all repeated keys. The names of the methods are nlohmann's.
class Checker {
 public:
  using string_t = nlohmann::ordered_json::string_t;
  using binary_t = nlohmann::ordered_json::binary_t;

  bool null() { return true; }
  bool boolean(bool) { return true; }
  bool number_integer(int64_t) { return true; }
  bool number_unsigned(uint64_t) { return true; }
  bool number_float(double, const string_t&) { return true; }
  bool string(string_t&) { return true; }
  bool binary(binary_t&) { return true; }

  bool start_object(size_t) { return Open(); }
  bool end_object() { return Close(); }
  bool start_array(size_t) { return Open(); }
  bool end_array() { return Close(); }

  bool key(string_t& key) {
    Level& level = levels_.back();
    level.current = key;
    if (!level.keys.insert(key).second) repeated_.push_back(Path());
    return true;
  }

  bool parse_error(size_t position, const std::string& last_token,
                   const nlohmann::detail::exception& error) {
    position_ = position;
    token_ = last_token;
    // An out-of-range number is the only error that is none of syntax.
    problem_ = error.id / 100 == 4 ? "number out of range" : "syntax error";
    return false;
  }

  size_t position() const { return position_; }
  const std::string& token() const { return token_; }
  const std::string& problem() const { return problem_; }
  const std::vector<std::string>& repeated() const { return repeated_; }

 private:
  struct Level {
    std::set<std::string> keys;
    std::string current;
  };

  bool Open() {
    if (levels_.size() == kMaxDepth) {
      problem_ = absl::StrCat("nested deeper than ", kMaxDepth);
      return false;
    }
    levels_.emplace_back();
    return true;
  }
  bool Close() {
    levels_.pop_back();
    return true;
  }
  std::string Path() const {
    std::vector<std::string> parts;
    for (const Level& level : levels_) {
      if (!level.current.empty()) parts.push_back(level.current);
    }
    return absl::StrJoin(parts, ".");
  }

  std::vector<Level> levels_;
  std::vector<std::string> repeated_;
  size_t position_ = 0;
  std::string token_;
  std::string problem_;
};

absl::Status ParseError(absl::string_view text, absl::string_view file_name,
                        const Checker& checker) {
  // nlohmann counts the bytes read, the offending one included.
  const size_t end = std::min(text.size(), checker.position());
  const absl::string_view before = text.substr(0, end > 0 ? end - 1 : 0);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const size_t line_start = before.rfind('\n');
  const size_t column =
      before.size() -
      (line_start == absl::string_view::npos ? 0 : line_start + 1) + 1;
  const std::string token = checker.token().substr(0, 40);
  return Error(
      absl::StatusCode::kInvalidArgument, "CONFIG_PARSE",
      absl::StrCat(file_name, ":", line, ":", column, ": ", checker.problem(),
                   " at \"", token, "\"; correct the JSON text"),
      {{"file", std::string(file_name)},
       {"line", absl::StrCat(line)},
       {"column", absl::StrCat(column)},
       {"token", token}});
}

}  // namespace

absl::StatusOr<nlohmann::ordered_json> ParseStrictJson(
    absl::string_view text, absl::string_view file_name) {
  const std::string file(file_name);
  if (text.size() > kMaxBytes) {
    return Error(absl::StatusCode::kInvalidArgument, "CONFIG_PARSE",
                 absl::StrCat(file, " has ", text.size(), " bytes; at most ",
                              kMaxBytes, " are read"),
                 {{"file", file}, {"found", absl::StrCat(text.size())}});
  }
  Checker checker;
  if (!nlohmann::ordered_json::sax_parse(text.begin(), text.end(), &checker)) {
    return ParseError(text, file_name, checker);
  }
  if (!checker.repeated().empty()) {
    const std::string items = absl::StrJoin(checker.repeated(), ", ");
    return Error(absl::StatusCode::kInvalidArgument, "CONFIG_PARSE",
                 absl::StrCat("Please delete repeated items in ", file,
                              ", repeated items are [", items, "]"),
                 {{"file", file}, {"field", items}});
  }
  nlohmann::ordered_json json =
      nlohmann::ordered_json::parse(text.begin(), text.end(), nullptr,
                                    /*allow_exceptions=*/false);
  if (json.is_discarded()) return ParseError(text, file_name, checker);
  return json;
}

}  // namespace quantd
