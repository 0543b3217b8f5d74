using System.IO.MemoryMappedFiles;

namespace OpenStackSev.Fuzz;

/// <summary>The input that runs at the moment, in a file that outlives the process: a stack overflow leaves no other trace of it.</summary>
internal sealed class CurrentInput : IDisposable
{
    private const int Header = 16, Size = Header + (8 * 1024 * 1024);

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    public CurrentInput(string path)
    {
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.OpenOrCreate, mapName: null, Size);
        _view = _file.CreateViewAccessor();
    }

    /// <summary>How many inputs were begun.</summary>
    public long Count => _view.ReadInt64(0);

    public void Write(long count, byte[] input)
    {
        _view.Write(8, input.Length);
        _view.WriteArray(Header, input, 0, input.Length);
        _view.Write(0, count);
    }

    public byte[] Read()
    {
        byte[] input = new byte[Math.Clamp(_view.ReadInt32(8), 0, Size - Header)];
        _view.ReadArray(Header, input, 0, input.Length);
        return input;
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }
}
