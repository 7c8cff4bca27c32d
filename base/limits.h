// The limits that hold unless configured otherwise. Every size that a stranger
// states is compared with one of them before anything is allocated.
#ifndef QUANTD_BASE_LIMITS_H_
#define QUANTD_BASE_LIMITS_H_

#include <cstdint>

namespace quantd {

struct Limits {
  // Files of a model.
  int64_t max_prototxt_bytes = int64_t{16} << 20;
  int64_t max_caffemodel_bytes = (int64_t{2} << 30) - 1;
  int64_t max_layers = 20000;
  // Axes of one blob, and elements of all of them.
  int64_t max_blob_axes = 32;
  int64_t max_blob_elements = int64_t{1} << 31;

  // One record of a data set, and a whole data set.
  int64_t max_sample_bytes = int64_t{256} << 20;
  int64_t max_dataset_bytes = int64_t{1} << 40;

  // Stored files, uploads.
  int64_t max_blob_bytes = int64_t{2} << 30;
  int64_t max_chunk_bytes = int64_t{1} << 20;
  int64_t max_message_bytes = int64_t{4} << 20;
  int64_t max_uploads = 16;

  // Requests.
  int64_t default_page_size = 50;
  int64_t max_page_size = 1000;
  int64_t max_find_missing = 1000;
  int64_t max_queued_jobs = 1000;

  // Jobs.
  int64_t max_job_seconds = 24 * 3600;
  int64_t max_attempts = 3;

  // What is kept, and for how long.
  int64_t upload_ttl_seconds = 24 * 3600;
  int64_t request_id_ttl_seconds = 7 * 24 * 3600;
  int64_t unreferenced_blob_ttl_seconds = 7 * 24 * 3600;
};

}  // namespace quantd

#endif  // QUANTD_BASE_LIMITS_H_
