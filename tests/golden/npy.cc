#include "tests/golden/npy.h"

#include <zlib.h>

#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

absl::Status Invalid(absl::string_view message) {
  return Error(absl::StatusCode::kInvalidArgument, "NPY_PARSE", message);
}

template <typename T>
T Load(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

// The text after `'key':` in a .npy header; empty if the key is missing.
absl::string_view HeaderField(absl::string_view header, absl::string_view key) {
  const size_t at = header.find(absl::StrCat("'", key, "':"));
  if (at == absl::string_view::npos) return {};
  return absl::StripLeadingAsciiWhitespace(header.substr(at + key.size() + 3));
}

absl::StatusOr<std::vector<int64_t>> ParseShape(absl::string_view text) {
  const size_t close = text.find(')');
  if (!absl::ConsumePrefix(&text, "(") || close == absl::string_view::npos) {
    return Invalid("header without a shape");
  }
  std::vector<int64_t> shape;
  for (absl::string_view part :
       absl::StrSplit(text.substr(0, close - 1), ',', absl::SkipWhitespace())) {
    int64_t dim;
    if (!absl::SimpleAtoi(part, &dim) || dim < 0 || dim > (1LL << 40)) {
      return Invalid(absl::StrCat("bad dimension \"", part, "\""));
    }
    shape.push_back(dim);
  }
  return shape;
}

template <typename From, typename To>
std::vector<To> Convert(const std::string& bytes) {
  std::vector<To> values(bytes.size() / sizeof(From));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<To>(Load<From>(bytes.data() + i * sizeof(From)));
  }
  return values;
}

absl::StatusOr<std::string> Inflate(absl::string_view packed, size_t size) {
  std::string out(size, '\0');
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
    return Invalid("zlib cannot start");
  }
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(size);
  const int result = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  if (result != Z_STREAM_END || stream.total_out != size) {
    return Invalid("damaged deflate data");
  }
  return out;
}

// One member of the zip archive `zip`, described by its 46-byte (and more)
// entry of the central directory.
absl::StatusOr<std::string> ZipMember(absl::string_view zip,
                                      absl::string_view entry) {
  const int method = Load<uint16_t>(entry.data() + 10);
  const size_t packed_size = Load<uint32_t>(entry.data() + 20);
  const size_t size = Load<uint32_t>(entry.data() + 24);
  const size_t local = Load<uint32_t>(entry.data() + 42);
  if (local + 30 > zip.size()) return Invalid("zip member out of the file");
  const size_t start = local + 30 + Load<uint16_t>(zip.data() + local + 26) +
                       Load<uint16_t>(zip.data() + local + 28);
  if (start + packed_size > zip.size()) return Invalid("truncated zip member");
  const absl::string_view packed = zip.substr(start, packed_size);
  if (method == 0) return std::string(packed);
  if (method == 8) return Inflate(packed, size);
  return Invalid(absl::StrCat("zip method ", method, " is not supported"));
}

absl::StatusOr<std::map<std::string, NpyArray>> ParseNpz(
    absl::string_view zip) {
  const size_t end = zip.rfind("PK\5\6");
  if (end == absl::string_view::npos || end + 22 > zip.size()) {
    return Invalid("not a zip archive");
  }
  const int count = Load<uint16_t>(zip.data() + end + 10);
  size_t at = Load<uint32_t>(zip.data() + end + 16);
  std::map<std::string, NpyArray> arrays;
  for (int i = 0; i < count; ++i) {
    if (at + 46 > zip.size() || zip.substr(at, 4) != "PK\1\2") {
      return Invalid("damaged zip directory");
    }
    const absl::string_view entry = zip.substr(at);
    const size_t name_size = Load<uint16_t>(entry.data() + 28);
    std::string name(entry.substr(46, name_size));
    ASSIGN_OR_RETURN(std::string member, ZipMember(zip, entry));
    absl::StatusOr<NpyArray> array = ParseNpy(member);
    if (!array.ok()) return Annotate(array.status(), name + ": ");
    arrays[std::string(absl::StripSuffix(name, ".npy"))] = *std::move(array);
    at += 46 + name_size + Load<uint16_t>(entry.data() + 30) +
          Load<uint16_t>(entry.data() + 32);
  }
  return arrays;
}

// The same values with the last index running fastest, not the first.
std::string FromFortranOrder(const std::string& bytes,
                             const std::vector<int64_t>& shape,
                             int64_t item_size) {
  std::string result;
  result.reserve(bytes.size());
  std::vector<int64_t> index(shape.size(), 0);
  while (result.size() < bytes.size()) {
    int64_t position = 0;
    for (size_t axis = shape.size(); axis-- > 0;) {
      position = position * shape[axis] + index[axis];
    }
    result += bytes.substr(position * item_size, item_size);
    for (size_t axis = shape.size(); axis-- > 0;) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
  return result;
}

}  // namespace

int64_t NpyArray::num_elements() const {
  int64_t count = 1;
  for (int64_t dim : shape) count *= dim;
  return count;
}

template <typename T>
absl::StatusOr<std::vector<T>> NpyArray::Values() const {
  const std::string type = dtype.substr(dtype.size() < 2 ? 0 : 1);
  if (type == "f4") return Convert<float, T>(bytes);
  if (type == "f8") return Convert<double, T>(bytes);
  if (type == "i1") return Convert<int8_t, T>(bytes);
  if (type == "i2") return Convert<int16_t, T>(bytes);
  if (type == "i4") return Convert<int32_t, T>(bytes);
  if (type == "i8") return Convert<int64_t, T>(bytes);
  if (type == "u1" || type == "b1") return Convert<uint8_t, T>(bytes);
  if (type == "u2") return Convert<uint16_t, T>(bytes);
  if (type == "u4") return Convert<uint32_t, T>(bytes);
  if (type == "u8") return Convert<uint64_t, T>(bytes);
  return Error(absl::StatusCode::kUnimplemented, "NPY_PARSE",
               absl::StrCat("array type ", dtype, " is not supported"));
}

template absl::StatusOr<std::vector<float>> NpyArray::Values() const;
template absl::StatusOr<std::vector<double>> NpyArray::Values() const;
template absl::StatusOr<std::vector<int32_t>> NpyArray::Values() const;
template absl::StatusOr<std::vector<int64_t>> NpyArray::Values() const;
template absl::StatusOr<std::vector<uint32_t>> NpyArray::Values() const;
template absl::StatusOr<std::vector<int8_t>> NpyArray::Values() const;

absl::StatusOr<NpyArray> ParseNpy(absl::string_view bytes) {
  if (bytes.size() < 12 || bytes.substr(0, 6) != "\x93NUMPY") {
    return Invalid("not a .npy file");
  }
  const bool long_header = bytes[6] > 1;
  const size_t start = long_header ? 12 : 10;
  const size_t size = long_header ? Load<uint32_t>(bytes.data() + 8)
                                  : Load<uint16_t>(bytes.data() + 8);
  if (start + size > bytes.size()) return Invalid("truncated .npy header");
  const absl::string_view header = bytes.substr(start, size);

  NpyArray array;
  absl::string_view descr = HeaderField(header, "descr");
  const size_t quote = descr.find('\'', 1);
  if (!absl::ConsumePrefix(&descr, "'") || quote == absl::string_view::npos ||
      quote < 4) {
    return Invalid("header without a type");
  }
  array.dtype = std::string(descr.substr(0, quote - 1));
  if (array.dtype[0] == '>') {
    return Error(absl::StatusCode::kUnimplemented, "NPY_PARSE",
                 "big-endian arrays are not supported");
  }
  ASSIGN_OR_RETURN(array.shape, ParseShape(HeaderField(header, "shape")));
  int64_t item_size;
  if (!absl::SimpleAtoi(array.dtype.substr(2), &item_size)) {
    return Invalid(absl::StrCat("bad type ", array.dtype));
  }
  const absl::string_view data = bytes.substr(start + size);
  if (static_cast<int64_t>(data.size()) != array.num_elements() * item_size) {
    return Invalid(absl::StrCat("the array should have ",
                                array.num_elements() * item_size,
                                " bytes and has ", data.size()));
  }
  array.bytes = std::string(data);
  if (HeaderField(header, "fortran_order").substr(0, 4) == "True") {
    array.bytes = FromFortranOrder(array.bytes, array.shape, item_size);
  }
  return array;
}

absl::StatusOr<std::string> ReadFileBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Error(absl::StatusCode::kNotFound, "FILE_NOT_FOUND",
                 absl::StrCat("cannot read ", path), {{"file", path}});
  }
  std::ostringstream contents;
  contents << file.rdbuf();
  return std::move(contents).str();
}

absl::StatusOr<NpyArray> ReadNpy(const std::string& path) {
  ASSIGN_OR_RETURN(std::string bytes, ReadFileBytes(path));
  absl::StatusOr<NpyArray> array = ParseNpy(bytes);
  if (!array.ok()) return Annotate(array.status(), path + ": ");
  return array;
}

absl::StatusOr<std::map<std::string, NpyArray>> ReadNpz(
    const std::string& path) {
  ASSIGN_OR_RETURN(std::string bytes, ReadFileBytes(path));
  auto arrays = ParseNpz(bytes);
  if (!arrays.ok()) return Annotate(arrays.status(), path + ": ");
  return arrays;
}

}  // namespace quantd
