using System.Numerics;
using System.Runtime.InteropServices;
using SharpFuzz.Common;

namespace OpenStackSev.Fuzz;

/// <summary>Which branches an input takes, in the map that instrumented code writes to: one byte for each pair of branches that follow one another.</summary>
/// <remarks>Where nothing is instrumented the map stays empty, and inputs are mutated without a guide.</remarks>
internal sealed unsafe class Coverage : IDisposable
{
    // What SharpFuzz masks its branch numbers with.
    private const int Size = 1 << 16;

    private readonly byte* _map = (byte*)NativeMemory.AlignedAlloc(Size, 64);
    private readonly byte[] _seen = new byte[Size];

    public Coverage()
    {
        Reset();
        Trace.SharedMem = _map;
    }

    /// <summary>Pairs of branches that were taken by any input.</summary>
    public int Edges { get; private set; }

    public void Reset()
    {
        new Span<byte>(_map, Size).Clear();
        Trace.PrevLocation = 0;
    }

    /// <summary>Whether the last input took a pair of branches that none took before, or took one more often by a power of two.</summary>
    public bool Merge()
    {
        bool isNew = false;
        ulong* words = (ulong*)_map;
        for (int word = 0; word < Size / 8; word++)
        {
            if (words[word] == 0)
                continue;
            for (int at = word * 8; at < (word * 8) + 8; at++)
            {
                if (_map[at] == 0)
                    continue;
                byte bucket = (byte)(1 << BitOperations.Log2(_map[at]));
                if ((_seen[at] & bucket) != 0)
                    continue;
                Edges += _seen[at] == 0 ? 1 : 0;
                _seen[at] |= bucket;
                isNew = true;
            }
        }
        return isNew;
    }

    public void Dispose()
    {
        Trace.SharedMem = null;
        NativeMemory.AlignedFree(_map);
    }
}
