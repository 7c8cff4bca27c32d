#include "engine/core/buffer_pool.h"

#include <algorithm>
#include <cstdlib>
#include <new>

namespace quantd {
namespace {

constexpr int64_t kAlignment = 64;

int64_t RoundUp(int64_t size_bytes) {
  return (std::max<int64_t>(size_bytes, 1) + kAlignment - 1) / kAlignment *
         kAlignment;
}

}  // namespace

Buffer::~Buffer() {
  if (pool_ != nullptr) pool_->GiveBack({data_, size_bytes_});
}

std::shared_ptr<BufferPool> BufferPool::Create() {
  return std::shared_ptr<BufferPool>(new BufferPool);
}

BufferPool::~BufferPool() {
  for (const Block& block : free_) std::free(block.data);
}

Buffer BufferPool::Take(int64_t size_bytes) {
  const int64_t needed = RoundUp(size_bytes);
  const auto fit = std::lower_bound(
      free_.begin(), free_.end(), needed,
      [](const Block& block, int64_t size) { return block.size_bytes < size; });
  Block block = {nullptr, needed};
  if (fit != free_.end()) {
    block = *fit;
    free_.erase(fit);
  } else {
    if (!free_.empty()) {
      Free(free_.back());
      free_.pop_back();
    }
    block.data = std::aligned_alloc(kAlignment, needed);
    if (block.data == nullptr) throw std::bad_alloc();
    held_bytes_ += needed;
    peak_bytes_ = std::max(peak_bytes_, held_bytes_);
  }
  Buffer buffer;
  buffer.pool_ = shared_from_this();
  buffer.data_ = block.data;
  buffer.size_bytes_ = block.size_bytes;
  return buffer;
}

void BufferPool::GiveBack(Block block) {
  const auto place = std::upper_bound(free_.begin(), free_.end(), block,
                                      [](const Block& a, const Block& b) {
                                        return a.size_bytes < b.size_bytes;
                                      });
  free_.insert(place, block);
}

void BufferPool::Free(const Block& block) {
  held_bytes_ -= block.size_bytes;
  std::free(block.data);
}

}  // namespace quantd
