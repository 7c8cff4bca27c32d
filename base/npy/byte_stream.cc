#include "base/npy/byte_stream.h"

#include <zlib.h>

#include <algorithm>
#include <utility>

#include "absl/memory/memory.h"
#include "base/error.h"
#include "base/npy/npy_header.h"
#include "base/status_macros.h"

namespace quantd {
namespace {

constexpr int64_t kChunkBytes = int64_t{64} << 10;

absl::Status CutOff() {
  return ArrayInvalid("it is cut off: copy or write it again");
}

class StoredStream : public ByteStream {
 public:
  StoredStream(std::shared_ptr<const ReadFile> file, const PackedBytes& bytes)
      : file_(std::move(file)),
        at_(bytes.offset),
        end_(bytes.offset + bytes.packed_size) {}

  absl::Status Read(int64_t num_bytes, std::string* to) override {
    if (num_bytes > end_ - at_) return CutOff();
    ASSIGN_OR_RETURN(*to, file_->ReadAt(at_, num_bytes));
    if (static_cast<int64_t>(to->size()) != num_bytes) return CutOff();
    at_ += num_bytes;
    return absl::OkStatus();
  }

  absl::Status Skip(int64_t num_bytes) override {
    if (num_bytes > end_ - at_) return CutOff();
    at_ += num_bytes;
    return absl::OkStatus();
  }

 private:
  const std::shared_ptr<const ReadFile> file_;
  int64_t at_;
  const int64_t end_;
};

class DeflatedStream : public ByteStream {
 public:
  DeflatedStream(std::shared_ptr<const ReadFile> file, const PackedBytes& bytes)
      : file_(std::move(file)),
        bytes_(bytes),
        at_(bytes.offset),
        end_(bytes.offset + bytes.packed_size) {}
  ~DeflatedStream() override { inflateEnd(&zlib_); }

  absl::Status Start() {
    // Negative: no zlib header around the deflated bytes.
    if (inflateInit2(&zlib_, -MAX_WBITS) == Z_OK) return absl::OkStatus();
    return Error(absl::StatusCode::kInternal, "INTERNAL_ERROR",
                 "zlib cannot start");
  }

  absl::Status Read(int64_t num_bytes, std::string* to) override {
    if (num_bytes > bytes_.size - num_read_) return CutOff();
    to->resize(num_bytes);
    int64_t done = 0;
    while (done < num_bytes) {
      const int64_t part = std::min(num_bytes - done, kMaxPart);
      RETURN_IF_ERROR(Unpack(&(*to)[done], part));
      done += part;
    }
    if (num_read_ == bytes_.size && checksum_ != bytes_.crc32) {
      return ArrayInvalid("its checksum is wrong: copy or write it again");
    }
    return absl::OkStatus();
  }

  absl::Status Skip(int64_t num_bytes) override {
    std::string part;
    while (num_bytes > 0) {
      const int64_t size = std::min(num_bytes, kChunkBytes);
      RETURN_IF_ERROR(Read(size, &part));
      num_bytes -= size;
    }
    return absl::OkStatus();
  }

 private:
  static constexpr int64_t kMaxPart = int64_t{1} << 20;

  // Exactly `size` bytes.
  absl::Status Unpack(char* to, int64_t size) {
    zlib_.next_out = reinterpret_cast<Bytef*>(to);
    zlib_.avail_out = static_cast<uInt>(size);
    while (zlib_.avail_out > 0) {
      if (zlib_.avail_in == 0) RETURN_IF_ERROR(Refill());
      const int result = inflate(&zlib_, Z_NO_FLUSH);
      if (result == Z_OK) continue;
      if (result == Z_STREAM_END && zlib_.avail_out == 0) break;
      return ArrayInvalid("its deflated bytes are damaged: write it again");
    }
    checksum_ = static_cast<uint32_t>(
        ::crc32(checksum_, reinterpret_cast<const Bytef*>(to),
                static_cast<uInt>(size)));
    num_read_ += size;
    return absl::OkStatus();
  }

  absl::Status Refill() {
    const int64_t size = std::min(end_ - at_, kChunkBytes);
    if (size == 0) return CutOff();
    ASSIGN_OR_RETURN(packed_, file_->ReadAt(at_, size));
    if (packed_.empty()) return CutOff();
    at_ += static_cast<int64_t>(packed_.size());
    zlib_.next_in = reinterpret_cast<Bytef*>(&packed_[0]);
    zlib_.avail_in = static_cast<uInt>(packed_.size());
    return absl::OkStatus();
  }

  const std::shared_ptr<const ReadFile> file_;
  const PackedBytes bytes_;
  int64_t at_;
  const int64_t end_;
  z_stream zlib_ = {};
  std::string packed_;
  int64_t num_read_ = 0;
  uint32_t checksum_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ByteStream>> OpenStream(
    std::shared_ptr<const ReadFile> file, const PackedBytes& bytes) {
  if (!bytes.deflated) {
    return absl::WrapUnique<ByteStream>(
        new StoredStream(std::move(file), bytes));
  }
  auto stream = std::make_unique<DeflatedStream>(std::move(file), bytes);
  RETURN_IF_ERROR(stream->Start());
  return absl::WrapUnique<ByteStream>(stream.release());
}

}  // namespace quantd
