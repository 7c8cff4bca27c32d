#include "engine/model/wire_limits.h"

#include <cstdint>

#include "absl/strings/str_cat.h"

namespace quantd {
namespace {

// Field numbers of the format.
constexpr uint32_t kNetLayers = 2;      // NetParameter.layers
constexpr uint32_t kNetLayer = 100;     // NetParameter.layer
constexpr uint32_t kLayerBlobs = 7;     // LayerParameter.blobs
constexpr uint32_t kV1LayerBlobs = 6;   // V1LayerParameter.blobs
constexpr uint32_t kV1LayerV0 = 1;      // V1LayerParameter.layer
constexpr uint32_t kV0LayerBlobs = 50;  // V0LayerParameter.blobs
constexpr uint32_t kBlobShape = 7;      // BlobProto.shape

// Protobuf's wire types.
enum WireType { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

struct Field {
  uint32_t number = 0;
  bool is_bytes = false;
  absl::string_view value;  // Of bytes fields.
};

// Reads the fields of one message.
class FieldReader {
 public:
  explicit FieldReader(absl::string_view bytes) : rest_(bytes) {}

  bool done() const { return rest_.empty(); }
  // Start of what Next() reads.
  const char* position() const { return rest_.data(); }

  // False if the field is broken or does not end inside the message.
  bool Next(Field* field) {
    uint64_t tag = 0;
    if (!ReadVarint(&tag) || tag > UINT32_MAX || tag >> 3 == 0) return false;
    field->number = static_cast<uint32_t>(tag >> 3);
    field->is_bytes = (tag & 7) == kBytes;
    uint64_t value = 0;
    switch (tag & 7) {
      case kVarint:
        return ReadVarint(&value);
      case kFixed64:
        return Take(8, field);
      case kFixed32:
        return Take(4, field);
      case kBytes:
        return ReadVarint(&value) && Take(value, field);
      default:
        return false;  // Groups: no Caffe file has them.
    }
  }

 private:
  bool ReadVarint(uint64_t* value) {
    *value = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const uint8_t byte = static_cast<uint8_t>(rest_[0]);
      rest_.remove_prefix(1);
      *value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  bool Take(uint64_t count, Field* field) {
    if (count > rest_.size()) return false;
    field->value = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return true;
  }

  absl::string_view rest_;
};

class NetWalker {
 public:
  explicit NetWalker(absl::string_view bytes) : start_(bytes.data()) {}

  bool WalkNet(absl::string_view bytes) {
    return Walk(bytes, [this](const Field& field) {
      if (field.number != kNetLayer && field.number != kNetLayers) {
        return AddSettings(field);
      }
      if (++num_layers_ > kMaxWireLayers) {
        return Fail(field.value.data(),
                    absl::StrCat("more than ", kMaxWireLayers, " layers"));
      }
      return field.number == kNetLayer
                 ? WalkLayer(field.value, kLayerBlobs, 0)
                 : WalkLayer(field.value, kV1LayerBlobs, kV1LayerV0);
    });
  }

  const WireProblem& problem() const { return problem_; }

 private:
  // A layer whose blobs are field `blobs`; field `inner` (0: none) is a V0
  // layer.
  bool WalkLayer(absl::string_view bytes, uint32_t blobs, uint32_t inner) {
    int num_blobs = 0;
    return Walk(bytes, [&](const Field& field) {
      if (field.number == blobs && field.is_bytes) {
        if (++num_blobs > kMaxWireBlobsPerLayer) {
          return Fail(field.value.data(),
                      absl::StrCat("more than ", kMaxWireBlobsPerLayer,
                                   " blobs in one layer"));
        }
        return WalkBlob(field.value);
      }
      if (inner != 0 && field.number == inner && field.is_bytes) {
        return WalkLayer(field.value, kV0LayerBlobs, 0);
      }
      return AddSettings(field);
    });
  }

  bool WalkBlob(absl::string_view bytes) {
    return Walk(bytes, [this](const Field& field) {
      if (field.number == kBlobShape && field.is_bytes &&
          static_cast<int64_t>(field.value.size()) > kMaxWireShapeBytes) {
        return Fail(field.value.data(), "a blob's shape with too many axes");
      }
      return true;
    });
  }

  bool AddSettings(const Field& field) {
    settings_bytes_ += static_cast<int64_t>(field.value.size()) + 2;
    if (settings_bytes_ <= kMaxWireSettingsBytes) return true;
    return Fail(field.value.data(),
                absl::StrCat("more than ", kMaxWireSettingsBytes,
                             " bytes of layer settings"));
  }

  template <typename Visit>
  bool Walk(absl::string_view bytes, const Visit& visit) {
    FieldReader reader(bytes);
    while (!reader.done()) {
      const char* const at = reader.position();
      Field field;
      if (!reader.Next(&field)) {
        return Fail(at,
                    "truncated, or not a caffemodel (transfer it again): a "
                    "field that does not end");
      }
      if (field.value.data() == nullptr) field.value = {at, 0};
      if (!visit(field)) return false;
    }
    return true;
  }

  bool Fail(const char* at, std::string message) {
    problem_.message = std::move(message);
    problem_.offset = at - start_;
    return false;
  }

  const char* const start_;
  int num_layers_ = 0;
  int64_t settings_bytes_ = 0;
  WireProblem problem_;
};

}  // namespace

WireProblem CheckNetOnWire(absl::string_view bytes) {
  NetWalker walker(bytes);
  walker.WalkNet(bytes);
  return walker.problem();
}

}  // namespace quantd
