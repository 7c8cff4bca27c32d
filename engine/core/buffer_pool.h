// Memory that blobs of one net hand to each other.
#ifndef QUANTD_ENGINE_CORE_BUFFER_POOL_H_
#define QUANTD_ENGINE_CORE_BUFFER_POOL_H_

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace quantd {

class BufferPool;

// Memory of at least the size that was asked for, 64-byte aligned, contents
// undefined; goes back to its pool.
//
// Ownership: unique; keeps the pool alive.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { *this = std::move(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(data_, other.data_);
    std::swap(size_bytes_, other.size_bytes_);
    return *this;
  }
  ~Buffer();

  void* data() const { return data_; }
  int64_t size_bytes() const { return size_bytes_; }

 private:
  friend class BufferPool;

  std::shared_ptr<BufferPool> pool_;
  void* data_ = nullptr;
  int64_t size_bytes_ = 0;
};

// Gives out the smallest free buffer that is large enough. If none is, the
// largest free one is replaced by one of the wanted size: a sequence of demands
// that repeats soon meets the same buffers, about as many bytes as it needs at
// once.
//
// Threads: compatible, not safe.
// Memory: what was in use at once, plus what the sizes do not fit; all of it
// until the pool and its buffers are gone.
class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
  static std::shared_ptr<BufferPool> Create();
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  // Throws std::bad_alloc without memory.
  Buffer Take(int64_t size_bytes);

  // Of all buffers, free or in use; and the most there ever were.
  int64_t held_bytes() const { return held_bytes_; }
  int64_t peak_bytes() const { return peak_bytes_; }

 private:
  friend class Buffer;

  struct Block {
    void* data;
    int64_t size_bytes;
  };

  BufferPool() = default;

  void GiveBack(Block block);
  void Free(const Block& block);

  std::vector<Block> free_;  // By rising size.
  int64_t held_bytes_ = 0;
  int64_t peak_bytes_ = 0;
};

}  // namespace quantd

#endif  // QUANTD_ENGINE_CORE_BUFFER_POOL_H_
