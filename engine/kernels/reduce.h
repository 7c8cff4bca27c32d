// Functions of a row of values that give one value, and their gradients.
#ifndef QUANTD_ENGINE_KERNELS_REDUCE_H_
#define QUANTD_ENGINE_KERNELS_REDUCE_H_

#include <cstdint>

namespace quantd {

struct ReduceOp {
  float (*reduce)(const float* x, int64_t n);
  // dx[i] = dy * d(reduce(x)) / d(x[i]).
  void (*gradient)(const float* x, int64_t n, float dy, float* dx);
  // Whether it has a value for n = 0.
  bool takes_none = false;
};

// Sums are made in double. Of what has no gradient: |x| has 0 at 0, the L2 norm
// of zeros has 0, of equal largest (smallest) values the first has it all.
extern const ReduceOp kReduceSum;
extern const ReduceOp kReduceMean;
extern const ReduceOp kReduceProd;
extern const ReduceOp kReduceMax;
extern const ReduceOp kReduceMin;
extern const ReduceOp kReduceL1;          // sum |x|
extern const ReduceOp kReduceL2;          // sqrt(sum x^2)
extern const ReduceOp kReduceSumSquares;  // sum x^2
extern const ReduceOp kReduceLogSumExp;   // log(sum exp(x))

// y[r] = coeff * reduce(row r of x), which has rows * n elements.
void ReduceRows(const ReduceOp& op, const float* x, int64_t rows, int64_t n,
                float coeff, float* y);

// The gradient of ReduceRows().
void ReduceRowsBackward(const ReduceOp& op, const float* x, const float* dy,
                        int64_t rows, int64_t n, float coeff, float* dx);

}  // namespace quantd

#endif  // QUANTD_ENGINE_KERNELS_REDUCE_H_
