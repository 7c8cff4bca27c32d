// The Datums of an LMDB as a source of images.
#ifndef QUANTD_ENGINE_DATA_LMDB_SOURCE_H_
#define QUANTD_ENGINE_DATA_LMDB_SOURCE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "engine/data/image_source.h"
#include "engine/data/lmdb_reader.h"

namespace quantd {

// `key` for a message: what is not printable ASCII as \xNN, cut off after 100
// bytes.
std::string PrintableKey(absl::string_view key);

// In key order. `mode` matters to encoded images only.
class LmdbSource : public ImageSource {
 public:
  // Errors: those of LmdbReader::Open().
  static absl::StatusOr<std::unique_ptr<ImageSource>> Open(
      const std::string& directory, ColorMode mode);

  int64_t num_images() const override { return reader_->num_records(); }
  // Errors: those of LmdbReader::Next() and DecodeDatum().
  absl::Status Next(DecodedDatum* datum) override;
  // Errors: those of LmdbReader::Next().
  absl::Status Skip(int64_t count) override;
  absl::Status AtLast(const absl::Status& status) const override;

 private:
  LmdbSource(std::unique_ptr<LmdbReader> reader, ColorMode mode)
      : reader_(std::move(reader)), mode_(mode) {}

  const std::unique_ptr<LmdbReader> reader_;
  const ColorMode mode_;
  std::string key_;  // The last one.
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_DATA_LMDB_SOURCE_H_
