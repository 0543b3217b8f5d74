using System.Buffers.Binary;

namespace OpenStackSev.Fuzz;

/// <summary>Makes new inputs from known ones. The same seed and the same corpus make the same inputs.</summary>
internal sealed class Mutator(int seed, IReadOnlyList<byte[]> dictionary, int maximumSize)
{
    // Inputs above this are made by repeating, and are not mutated further: they cost time and reach little.
    private const int UsualSize = 64 * 1024;

    private static readonly ulong[] s_interesting =
    [
        0, 1, 2, 16, 32, 64, 100, 127, 128, 255, 256, 512, 1000, 1024, 4096, 32767, 32768, 65535, 65536, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
        0xFFFFFFF8, 0x100000000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF,
    ];

    private readonly Random _random = new(seed);
    private readonly DerMutator _der = new();

    /// <summary>A mutated copy of one of <paramref name="corpus"/>.</summary>
    public byte[] Next(IReadOnlyList<byte[]> corpus)
    {
        // The younger half is taken more often: it is what the latest branches were reached with.
        int index = _random.Next(2) == 0 ? _random.Next(corpus.Count) : _random.Next(corpus.Count / 2, corpus.Count);
        List<byte> input = [.. corpus[index]];
        if (_random.Next(2000) == 0)
            return Amplify(input);
        for (int rounds = 1 << _random.Next(5); rounds > 0; rounds--)
            Mutate(input, corpus);
        int limit = Math.Min(maximumSize, UsualSize);
        if (input.Count > limit)
            input.RemoveRange(limit, input.Count - limit);
        return [.. input];
    }

    private void Mutate(List<byte> input, IReadOnlyList<byte[]> corpus)
    {
        int at = _random.Next(input.Count + 1);
        int length = Math.Min(input.Count - at, 1 << _random.Next(9));
        switch (_random.Next(14))
        {
            case 0 or 1 when at < input.Count:
                input[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 2 when at < input.Count:
                input[at] = (byte)_random.Next(256);
                break;
            case 3 when at < input.Count:
                input[at] += (byte)_random.Next(-16, 17);
                break;
            case 4:
                Write(input, at, Number());
                break;
            case 5:
                input.RemoveRange(at, length);
                break;
            case 6:
                input.InsertRange(at, Enumerable.Repeat((byte)_random.Next(256), 1 << _random.Next(9)));
                break;
            case 7:
                input.InsertRange(_random.Next(input.Count + 1), input.GetRange(at, length));
                break;
            case 8:
                byte[] other = corpus[_random.Next(corpus.Count)];
                input.RemoveRange(at, input.Count - at);
                input.AddRange(other.AsSpan(Math.Min(at, other.Length)));
                break;
            case 9 when dictionary.Count > 0:
                input.InsertRange(at, dictionary[_random.Next(dictionary.Count)]);
                break;
            case 10 when dictionary.Count > 0:
                Write(input, at, dictionary[_random.Next(dictionary.Count)]);
                break;
            default:
                _der.Mutate(input, corpus[_random.Next(corpus.Count)], _random);
                break;
        }
    }

    // Hostile sizes: a part repeated until the parser's limit, and just above it.
    private byte[] Amplify(List<byte> input)
    {
        if (input.Count == 0)
            return [];
        int at = _random.Next(input.Count), length = Math.Min(input.Count - at, 1 << _random.Next(11));
        int size = _random.Next(4) switch { 0 => maximumSize + 1, 1 => maximumSize, _ => maximumSize >> _random.Next(8) };
        byte[] big = new byte[Math.Max(size, input.Count)];
        input.CopyTo(0, big, 0, at);
        for (int to = at; to < big.Length; to += length)
            input.CopyTo(at, big, to, Math.Min(length, big.Length - to));
        return big;
    }

    private byte[] Number()
    {
        byte[] number = new byte[8];
        ulong value = s_interesting[_random.Next(s_interesting.Length)];
        int size = 1 << _random.Next(4);
        if (_random.Next(2) == 0)
            BinaryPrimitives.WriteUInt64LittleEndian(number, value);
        else
            BinaryPrimitives.WriteUInt64BigEndian(number, value << (64 - (size * 8)));
        return number[..size];
    }

    private static void Write(List<byte> input, int at, byte[] value)
    {
        for (int i = 0; i < value.Length && at + i < input.Count; i++)
            input[at + i] = value[i];
    }
}
