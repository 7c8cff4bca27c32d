#include "client/annotations.h"

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/input_file.h"
#include "google/protobuf/text_format.h"
#include "proto/caffe/label_map.pb.h"

namespace quantd {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxListBytes = int64_t{256} << 20;
constexpr int64_t kMaxFileBytes = int64_t{16} << 20;

absl::Status Invalid(const std::string& path, absl::string_view why) {
  return Error(absl::StatusCode::kFailedPrecondition, "ANNOTATION_INVALID",
               absl::StrCat(path, ": ", why), {{"file", path}});
}

// Takes the next <name>...</name> off `xml`, and gives what is inside. False if
// there is none.
bool TakeElement(absl::string_view* xml, absl::string_view name,
                 absl::string_view* inside) {
  const std::string start = absl::StrCat("<", name, ">");
  const std::string end = absl::StrCat("</", name, ">");
  const size_t first = xml->find(start);
  if (first == absl::string_view::npos) return false;
  const size_t last = xml->find(end, first);
  if (last == absl::string_view::npos) return false;
  *inside = xml->substr(first + start.size(), last - first - start.size());
  xml->remove_prefix(last + end.size());
  return true;
}

// The text of the first <name> of `xml`; empty without.
absl::string_view TextOf(absl::string_view xml, absl::string_view name) {
  absl::string_view inside;
  if (!TakeElement(&xml, name, &inside)) return "";
  return absl::StripAsciiWhitespace(inside);
}

// False unless it is there and finite.
bool NumberOf(absl::string_view xml, absl::string_view name, double* value) {
  return absl::SimpleAtod(TextOf(xml, name), value) && *value > -1e9 &&
         *value < 1e9;
}

// An object's parts, as a person's head, have names and boxes of their own.
std::string WithoutParts(absl::string_view object) {
  std::string text;
  while (true) {
    const absl::string_view before = object;
    absl::string_view part;
    if (!TakeElement(&object, "part", &part)) break;
    absl::StrAppend(&text, before.substr(0, before.find("<part>")));
  }
  return absl::StrCat(text, object);
}

using Labels = std::map<std::string, int32_t>;

absl::StatusOr<Labels> ReadLabelMap(const std::string& path,
                                    Annotations* annotations) {
  ASSIGN_OR_RETURN(const std::string text, ReadInputFile(path, kMaxFileBytes));
  caffe::LabelMap map;
  google::protobuf::TextFormat::Parser parser;
  if (!parser.ParseFromString(text, &map) || map.item().empty()) {
    return Invalid(path, "it is no label map, as SSD's labelmap_voc.prototxt");
  }
  Labels labels;
  for (const caffe::LabelMapItem& item : map.item()) {
    if (item.label() < 0) return Invalid(path, "a label is negative");
    labels[item.name()] = item.label();
    annotations->label_names[item.label()] =
        item.display_name().empty() ? item.name() : item.display_name();
  }
  return labels;
}

// Appends the boxes of one XML file.
absl::Status AddBoxes(const std::string& path, int64_t record,
                      const Labels& labels, std::string* truths) {
  ASSIGN_OR_RETURN(const std::string text, ReadInputFile(path, kMaxFileBytes));
  absl::string_view xml = text;
  double width = 0, height = 0;
  const absl::string_view size = TextOf(xml, "size");
  if (!NumberOf(size, "width", &width) || !NumberOf(size, "height", &height) ||
      width < 1 || height < 1) {
    return Invalid(path,
                   "it is no VOC annotation: it has no size of the "
                   "image, <size> with <width> and <height>");
  }
  absl::string_view inside;
  while (TakeElement(&xml, "object", &inside)) {
    const std::string object = WithoutParts(inside);
    const std::string name(TextOf(object, "name"));
    const auto label = labels.find(name);
    if (label == labels.end()) {
      return Invalid(path, absl::StrCat("the label map has no \"", name, "\""));
    }
    const absl::string_view box = TextOf(object, "bndbox");
    double x1 = 0, y1 = 0, x2 = 0, y2 = 0;
    if (!NumberOf(box, "xmin", &x1) || !NumberOf(box, "ymin", &y1) ||
        !NumberOf(box, "xmax", &x2) || !NumberOf(box, "ymax", &y2) || x1 > x2 ||
        y1 > y2) {
      return Invalid(path, absl::StrCat("an object \"", name,
                                        "\" has no <bndbox> of numbers, min "
                                        "<= max"));
    }
    absl::StrAppendFormat(truths, "%d %d %.9g %.9g %.9g %.9g %d\n", record,
                          label->second, x1 / width, y1 / height, x2 / width,
                          y2 / height,
                          TextOf(object, "difficult") == "1" ? 1 : 0);
  }
  return absl::OkStatus();
}

std::string FindFile(const std::string& path, const std::string& list) {
  if (fs::path(path).is_absolute()) return path;
  std::error_code ignored;
  const fs::path beside = fs::path(list).parent_path() / path;
  return fs::exists(beside, ignored) ? beside.string() : path;
}

// The last word of each line that is not blank.
std::vector<std::string> LastWords(absl::string_view text) {
  std::vector<std::string> words;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    line = absl::StripAsciiWhitespace(line);
    if (line.empty()) continue;
    words.emplace_back(line.substr(line.find_last_of(" \t") + 1));
  }
  return words;
}

}  // namespace

absl::StatusOr<Annotations> ReadAnnotations(const std::string& list,
                                            const std::string& label_map) {
  Annotations annotations;
  ASSIGN_OR_RETURN(std::string text, ReadInputFile(list, kMaxListBytes));
  Labels labels;
  if (!label_map.empty()) {
    ASSIGN_OR_RETURN(labels, ReadLabelMap(label_map, &annotations));
  }
  const std::vector<std::string> words = LastWords(text);
  if (words.empty() || !absl::EndsWith(words[0], ".xml")) {
    annotations.truths = std::move(text);
    return annotations;
  }
  if (label_map.empty()) {
    return Error(absl::StatusCode::kInvalidArgument, "OPTION_MISSING",
                 absl::StrCat(list,
                              " names VOC's annotations, whose labels are "
                              "names; add --label-map FILE"),
                 {{"file", list}, {"field", "label-map"}});
  }
  for (size_t i = 0; i < words.size(); ++i) {
    RETURN_IF_ERROR(AddBoxes(FindFile(words[i], list), static_cast<int64_t>(i),
                             labels, &annotations.truths));
  }
  return annotations;
}

}  // namespace quantd
