#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "engine/hdf5/hdf5_values.h"

namespace quantd {
namespace {

constexpr int64_t kMaxElements = std::numeric_limits<int32_t>::max();
constexpr size_t kMaxAxes = 32;
constexpr size_t kMaxFilters = 32;
// Deflate makes 1032 bytes of one.
constexpr int64_t kMaxExpansion = 1100;

absl::Status Damaged(const std::string& what) {
  return Hdf5Problem(absl::StrCat("damaged ", what, "; write the file again"));
}

// Reads the messages of one dataset.
class HeaderParser {
 public:
  explicit HeaderParser(const Hdf5File& file) : file_(file) {}

  absl::Status Parse(const std::vector<Hdf5Message>& messages) {
    for (const Hdf5Message& message : messages) {
      RETURN_IF_ERROR(ParseMessage(message));
    }
    return CheckSizes();
  }

  Hdf5DatasetHeader Finish() && { return std::move(header_); }

 private:
  absl::Status ParseMessage(const Hdf5Message& message) {
    switch (message.type) {
      case kHdf5Dataspace:
        if (message.is_shared) return Damaged("shared dimensions");
        return ParseDataspace(message.data);
      case kHdf5Datatype:
        // A type of its own in the file: no numbers that we read have one.
        if (message.is_shared) return absl::OkStatus();
        return ParseDatatype(message.data);
      case kHdf5Layout:
        return ParseLayout(message.data);
      case kHdf5Filters:
        if (message.is_shared) return Damaged("shared filters");
        return ParseFilters(message.data);
      default:
        return absl::OkStatus();
    }
  }

  absl::Status ParseDataspace(absl::string_view data) {
    Hdf5Cursor cursor(data);
    const uint64_t version = cursor.Int(1);
    const uint64_t rank = cursor.Int(1);
    cursor.Skip(1);  // Flags.
    const bool is_null = cursor.Int(1) == 2 && version == 2;
    if (version == 1) cursor.Skip(4);
    if (version < 1 || version > 2 || rank > kMaxAxes) {
      return Damaged("dimensions");
    }
    header_.dims.clear();
    header_.num_elements = is_null ? 0 : 1;
    for (uint64_t i = 0; i < rank; ++i) {
      const uint64_t dim = file_.ReadLength(&cursor);
      if (dim > static_cast<uint64_t>(kMaxElements)) {
        return Hdf5Problem(absl::StrCat("dimension ", i, " is ", dim,
                                        "; the limit is ", kMaxElements));
      }
      header_.dims.push_back(static_cast<int64_t>(dim));
      header_.num_elements *= header_.dims.back();
      if (header_.num_elements > kMaxElements) {
        return Hdf5Problem(absl::StrCat("more than ", kMaxElements,
                                        " elements; split the dataset"));
      }
    }
    has_dims_ = true;
    return cursor.ok() ? absl::OkStatus() : Damaged("dimensions");
  }

  absl::Status ParseDatatype(absl::string_view data) {
    constexpr int kFixedPoint = 0;
    constexpr int kFloatingPoint = 1;
    constexpr int kString = 3;
    Hdf5Cursor cursor(data);
    const int type_class = static_cast<int>(cursor.Int(1) & 15);
    const uint64_t bits = cursor.Int(3);
    const uint64_t size = cursor.Int(4);
    if (!cursor.ok() || size == 0) return Damaged("type");
    Hdf5Type type;
    type.num_bytes = size;
    type.big_endian = (bits & 1) != 0;
    const uint64_t first_bit = cursor.Int(2);
    const uint64_t precision = cursor.Int(2);
    const bool is_whole =
        cursor.ok() && first_bit == 0 && precision == 8 * size;
    if (type_class == kFixedPoint && is_whole && size <= 8 &&
        (size & (size - 1)) == 0) {
      type.kind = bits & 8 ? Hdf5Type::kInt : Hdf5Type::kUnsigned;
    } else if (type_class == kFloatingPoint && is_whole && IsIeee(size, data)) {
      type.kind = Hdf5Type::kFloat;
    } else if (type_class == kString) {
      type.kind = Hdf5Type::kString;
    }
    header_.type = type;
    return absl::OkStatus();
  }

  // True if a float of `size` bytes has IEEE 754's fields.
  static bool IsIeee(uint64_t size, absl::string_view data) {
    Hdf5Cursor cursor(data);
    cursor.Skip(1);
    const bool is_vax = (cursor.Int(3) & 0x40) != 0;
    cursor.Skip(4 + 2 + 2);
    const uint64_t exponent_at = cursor.Int(1);
    const uint64_t exponent_bits = cursor.Int(1);
    const uint64_t mantissa_at = cursor.Int(1);
    const uint64_t mantissa_bits = cursor.Int(1);
    const uint64_t bias = cursor.Int(4);
    const uint64_t bits = size == 2 ? 5 : size == 4 ? 8 : 11;
    return cursor.ok() && !is_vax && (size == 2 || size == 4 || size == 8) &&
           exponent_bits == bits && mantissa_bits == 8 * size - 1 - bits &&
           mantissa_at == 0 && exponent_at == mantissa_bits &&
           bias == (uint64_t{1} << (bits - 1)) - 1;
  }

  absl::Status ParseLayout(absl::string_view data) {
    Hdf5Cursor cursor(data);
    const uint64_t version = cursor.Int(1);
    const uint64_t layout_class = cursor.Int(1);
    if (version != 3 && !(version == 4 && layout_class < 2)) {
      return Hdf5Problem(
          "it is stored in a form that is not supported; write the file with "
          "libver \"earliest\"");
    }
    Hdf5Layout layout;
    if (layout_class == 0) {
      layout.kind = Hdf5Layout::kCompact;
      layout.data = cursor.Take(cursor.Int(2));
    } else if (layout_class == 1) {
      layout.kind = Hdf5Layout::kContiguous;
      layout.address = file_.ReadAddress(&cursor);
    } else if (layout_class == 2) {
      layout.kind = Hdf5Layout::kChunked;
      const uint64_t axes = cursor.Int(1);
      layout.address = file_.ReadAddress(&cursor);
      if (axes < 2 || axes > kMaxAxes + 1) return Damaged("chunks");
      for (uint64_t i = 0; i + 1 < axes; ++i) {
        layout.chunk.push_back(cursor.Int(4));
      }
    } else {
      return Hdf5Problem("its values are in another file; copy them here");
    }
    if (!cursor.ok()) return Damaged("layout");
    header_.layout = std::move(layout);
    has_layout_ = true;
    return absl::OkStatus();
  }

  absl::Status ParseFilters(absl::string_view data) {
    constexpr int kFirstWithName = 256;
    Hdf5Cursor cursor(data);
    const uint64_t version = cursor.Int(1);
    const uint64_t count = cursor.Int(1);
    if (version == 1) cursor.Skip(6);
    if (version < 1 || version > 2 || count > kMaxFilters) {
      return Damaged("filters");
    }
    header_.filters.clear();
    for (uint64_t i = 0; i < count; ++i) {
      Hdf5Filter filter;
      filter.id = static_cast<int>(cursor.Int(2));
      const bool has_name = version == 1 || filter.id >= kFirstWithName;
      const uint64_t name_bytes = has_name ? cursor.Int(2) : 0;
      cursor.Skip(2);  // Flags.
      const uint64_t parameters = cursor.Int(2);
      cursor.Skip(version == 1 ? (name_bytes + 7) / 8 * 8 : name_bytes);
      for (uint64_t p = 0; p < parameters; ++p) {
        const uint64_t value = cursor.Int(4);
        if (p == 0) filter.parameter = value;
      }
      if (version == 1 && parameters % 2 == 1) cursor.Skip(4);
      header_.filters.push_back(filter);
    }
    return cursor.ok() ? absl::OkStatus() : Damaged("filters");
  }

  // What the values and chunks take is in proportion to the file.
  absl::Status CheckSizes() const {
    if (!has_dims_ || !has_layout_) return Damaged("header");
    const Hdf5Layout& layout = header_.layout;
    const bool is_chunked = layout.kind == Hdf5Layout::kChunked;
    const int64_t expansion = header_.filters.empty() ? 1 : kMaxExpansion;
    const int64_t room = expansion * file_.size_bytes();
    int64_t elements = header_.num_elements;
    if (is_chunked) {
      if (layout.chunk.size() != header_.dims.size()) return Damaged("chunks");
      elements = elements == 0 ? 0 : 1;
      for (size_t i = 0; i < layout.chunk.size() && elements > 0; ++i) {
        const int64_t chunk = static_cast<int64_t>(layout.chunk[i]);
        if (chunk == 0) return Damaged("chunks");
        const int64_t covered = (header_.dims[i] + chunk - 1) / chunk * chunk;
        if (__builtin_mul_overflow(elements, covered, &elements)) elements = -1;
      }
    }
    int64_t bytes = 0;
    if (elements < 0 ||
        __builtin_mul_overflow(
            elements, static_cast<int64_t>(header_.type.num_bytes), &bytes) ||
        bytes > room) {
      return Hdf5Problem(absl::StrCat(
          "it states ", header_.num_elements, " elements, more than a file of ",
          file_.size_bytes(), " bytes can hold; write the file again"));
    }
    return absl::OkStatus();
  }

  const Hdf5File& file_;
  Hdf5DatasetHeader header_;
  bool has_dims_ = false;
  bool has_layout_ = false;
};

}  // namespace

bool IsHdf5Dataset(const std::vector<Hdf5Message>& messages) {
  for (const Hdf5Message& message : messages) {
    if (message.type == kHdf5Layout) return true;
  }
  return false;
}

absl::StatusOr<Hdf5DatasetHeader> ParseHdf5Dataset(
    const std::vector<Hdf5Message>& messages, const Hdf5File& file) {
  HeaderParser parser(file);
  RETURN_IF_ERROR(parser.Parse(messages));
  return std::move(parser).Finish();
}

}  // namespace quantd
