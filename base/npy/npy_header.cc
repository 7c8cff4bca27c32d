#include "base/npy/npy_header.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

constexpr absl::string_view kMagic("\x93NUMPY", 6);
constexpr int64_t kMaxHeaderBytes = int64_t{1} << 20;
constexpr int64_t kMaxArrayBytes = int64_t{1} << 62;
constexpr size_t kMaxAxes = 32;

// The `num_bytes` bytes at `at`, the lowest first.
int64_t LittleEndian(absl::string_view bytes, size_t at, int num_bytes) {
  int64_t value = 0;
  for (int i = num_bytes; i-- > 0;) {
    value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  }
  return value;
}

struct TypeName {
  absl::string_view name;
  NpyType type;
};

constexpr TypeName kTypeNames[] = {
    {"b1", NpyType::kBool},    {"i1", NpyType::kInt8},
    {"i2", NpyType::kInt16},   {"i4", NpyType::kInt32},
    {"i8", NpyType::kInt64},   {"u1", NpyType::kUint8},
    {"u2", NpyType::kUint16},  {"u4", NpyType::kUint32},
    {"u8", NpyType::kUint64},  {"f2", NpyType::kFloat16},
    {"f4", NpyType::kFloat32}, {"f8", NpyType::kFloat64},
};

// Reads the dictionary of a header, a Python literal.
class HeaderParser {
 public:
  explicit HeaderParser(absl::string_view text) : text_(text) {}

  absl::Status Parse(NpyHeader* header) {
    if (!Take("{")) return Damaged();
    while (!Take("}")) {
      std::string key;
      if (!TakeString(&key) || !Take(":")) return Damaged();
      RETURN_IF_ERROR(ParseField(key, header));
      if (Take(",")) continue;
      if (!Take("}")) return Damaged();
      break;
    }
    if (!absl::StripAsciiWhitespace(text_).empty() || num_fields_ != 3) {
      return Damaged();
    }
    return absl::OkStatus();
  }

 private:
  static absl::Status Damaged() {
    return ArrayInvalid("its header is damaged");
  }

  absl::Status ParseField(const std::string& key, NpyHeader* header) {
    if (key == "descr") return Once(0, ParseType(header));
    if (key == "fortran_order") {
      header->fortran_order = Take("True");
      return Once(1, header->fortran_order || Take("False") ? absl::OkStatus()
                                                            : Damaged());
    }
    if (key == "shape") return Once(2, ParseShape(&header->shape));
    return Damaged();
  }

  // `status`, or an error for a field that is there twice.
  absl::Status Once(int field, const absl::Status& status) {
    if (seen_[field]) return Damaged();
    seen_[field] = true;
    ++num_fields_;
    return status;
  }

  absl::Status ParseType(NpyHeader* header) {
    std::string name;
    if (!TakeString(&name)) {
      return ArrayInvalid(
          "its values are structures; give one array of "
          "numbers for each of their fields");
    }
    absl::string_view rest = name;
    header->big_endian = absl::ConsumePrefix(&rest, ">");
    if (!header->big_endian && !absl::ConsumePrefix(&rest, "<")) {
      absl::ConsumePrefix(&rest, "|");
    }
    for (const TypeName& candidate : kTypeNames) {
      if (candidate.name != rest) continue;
      header->type = candidate.type;
      return absl::OkStatus();
    }
    return ArrayInvalid(absl::StrCat(
        "its values are of type \"", name,
        "\"; give bool, integers of 8 to 64 bits, or floats of 16 to 64 bits, "
        "as array.astype(numpy.float32) makes them"));
  }

  absl::Status ParseShape(std::vector<int64_t>* shape) {
    if (!Take("(")) return Damaged();
    while (!Take(")")) {
      int64_t dim = 0;
      if (!TakeNumber(&dim) || shape->size() == kMaxAxes) return Damaged();
      shape->push_back(dim);
      if (Take(",")) continue;
      if (!Take(")")) return Damaged();
      break;
    }
    return absl::OkStatus();
  }

  bool Take(absl::string_view token) {
    text_ = absl::StripLeadingAsciiWhitespace(text_);
    return absl::ConsumePrefix(&text_, token);
  }

  bool TakeString(std::string* value) {
    const char* const quote = Take("'") ? "'" : Take("\"") ? "\"" : nullptr;
    if (quote == nullptr) return false;
    const size_t end = text_.find(*quote);
    if (end == absl::string_view::npos) return false;
    *value = std::string(text_.substr(0, end));
    text_.remove_prefix(end + 1);
    return true;
  }

  // Python 2 wrote "3L".
  bool TakeNumber(int64_t* value) {
    text_ = absl::StripLeadingAsciiWhitespace(text_);
    size_t end = 0;
    while (end < text_.size() && absl::ascii_isdigit(text_[end])) ++end;
    if (!absl::SimpleAtoi(text_.substr(0, end), value)) return false;
    text_.remove_prefix(end);
    absl::ConsumePrefix(&text_, "L");
    return true;
  }

  absl::string_view text_;
  bool seen_[3] = {};
  int num_fields_ = 0;
};

}  // namespace

int64_t SizeOf(NpyType type) {
  switch (type) {
    case NpyType::kBool:
    case NpyType::kInt8:
    case NpyType::kUint8:
      return 1;
    case NpyType::kInt16:
    case NpyType::kUint16:
    case NpyType::kFloat16:
      return 2;
    case NpyType::kInt32:
    case NpyType::kUint32:
    case NpyType::kFloat32:
      return 4;
    case NpyType::kInt64:
    case NpyType::kUint64:
    case NpyType::kFloat64:
      return 8;
  }
  return 8;
}

int64_t NpyHeader::num_bytes() const {
  int64_t bytes = SizeOf(type);
  for (const int64_t dim : shape) bytes *= dim;
  return bytes;
}

absl::Status ArrayInvalid(absl::string_view why) {
  return Error(absl::StatusCode::kFailedPrecondition, "ARRAY_INVALID", why);
}

absl::StatusOr<int64_t> NpyDataOffset(absl::string_view prefix) {
  if (prefix.size() < 10 || prefix.substr(0, 6) != kMagic) {
    return ArrayInvalid("it is no .npy array: write it with numpy.save()");
  }
  const int version = static_cast<uint8_t>(prefix[6]);
  if (version < 1 || version > 3) {
    return ArrayInvalid(absl::StrCat("it is of version ", version,
                                     " of .npy; versions 1 to 3 are read"));
  }
  const int64_t start = version == 1 ? 10 : 12;
  if (static_cast<int64_t>(prefix.size()) < start) {
    return ArrayInvalid("it is cut off within its header");
  }
  const int64_t size = LittleEndian(prefix, 8, version == 1 ? 2 : 4);
  if (size > kMaxHeaderBytes) {
    return ArrayInvalid(absl::StrCat("its header has ", size,
                                     " bytes; at most ", kMaxHeaderBytes,
                                     " are read"));
  }
  return start + size;
}

absl::StatusOr<NpyHeader> ParseNpyHeader(absl::string_view start) {
  NpyHeader header;
  ASSIGN_OR_RETURN(header.data_offset,
                   NpyDataOffset(start.substr(0, kNpyPrefixBytes)));
  if (static_cast<int64_t>(start.size()) < header.data_offset) {
    return ArrayInvalid("it is cut off within its header");
  }
  const size_t text = start[6] == 1 ? 10 : 12;
  RETURN_IF_ERROR(HeaderParser(start.substr(text, header.data_offset - text))
                      .Parse(&header));
  // A product of the axes that are not 0 that fits bounds every other.
  int64_t bytes = SizeOf(header.type);
  for (const int64_t dim : header.shape) {
    if (dim > 0 && bytes > kMaxArrayBytes / dim) {
      return ArrayInvalid("its shape has more values than any file");
    }
    if (dim > 0) bytes *= dim;
  }
  return header;
}

}  // namespace quantd
