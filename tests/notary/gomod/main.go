// Command verify checks an exported ledger with the reader of Go's checksum database, which shares
// no line with ours: the checkpoint's signature, every tile, the path of every entry asked for, and
// that the ledger grew from each earlier size asked for.
//
//	verify FOLDER [ENTRY...] [-- OLDSIZE...]
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type head struct {
	size int64
	root tlog.Hash
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("name a folder")
	}
	folder := args[0]
	top, err := checkpoint(folder)
	if err != nil {
		return err
	}
	files := tlog.TileHashReader(tlog.Tree{N: top.size, Hash: top.root}, reader{folder})
	leaves, err := entries(folder, top.size)
	if err != nil {
		return err
	}
	// every hash of every level is made again from the entries and asked of the tiles
	own, err := rebuild(leaves)
	if err != nil {
		return err
	}
	root, err := tlog.TreeHash(top.size, own)
	if err != nil || root != top.root {
		return fmt.Errorf("the entries make another root: %v", err)
	}
	for n := range leaves {
		stored, err := files.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(n))})
		if err != nil || stored[0] != leaves[n] {
			return fmt.Errorf("the tile of entry %d says another leaf: %v", n, err)
		}
	}
	asked, grown := args[1:], false
	for _, word := range asked {
		if word == "--" {
			grown = true
			continue
		}
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil {
			return err
		}
		if grown {
			err = consistent(folder, n, top, files, own)
		} else {
			if err = included(folder, n, top, files, leaves); err == nil {
				fmt.Printf("entry %d, leaf %x, is in it\n", n, leaves[n][:])
			}
		}
		if err != nil {
			return fmt.Errorf("%d: %w", n, err)
		}
	}
	fmt.Println("verified", top.size)
	return nil
}

func checkpoint(folder string) (head, error) {
	vkey, err := os.ReadFile(filepath.Join(folder, "vkey"))
	if err != nil {
		return head{}, err
	}
	file, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return head{}, err
	}
	return open(file, strings.TrimSpace(string(vkey)))
}

func open(file []byte, vkey string) (head, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return head{}, err
	}
	opened, err := note.Open(file, note.VerifierList(verifier))
	if err != nil {
		return head{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return head{}, fmt.Errorf("not a checkpoint of %s", verifier.Name())
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return head{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return head{size, root}, err
}

// entries returns the leaf hash of every entry of the bundles.
func entries(folder string, size int64) ([]tlog.Hash, error) {
	var leaves []tlog.Hash
	for int64(len(leaves)) < size {
		tile := tlog.Tile{H: height, L: -1, N: int64(len(leaves)) >> height, W: 1 << height}
		if left := size - int64(len(leaves)); left < 1<<height {
			tile.W = int(left)
		}
		data, err := os.ReadFile(filepath.Join(folder, path(tile)))
		if err != nil {
			return nil, err
		}
		for range tile.W {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return nil, fmt.Errorf("%s ends within an entry", path(tile))
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			leaves = append(leaves, tlog.RecordHash(data[2:end]))
			data = data[end:]
		}
		if len(data) != 0 {
			return nil, fmt.Errorf("%s holds more than its entries", path(tile))
		}
	}
	return leaves, nil
}

func rebuild(leaves []tlog.Hash) (tlog.HashReader, error) {
	var stored []tlog.Hash
	hashes := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(at))
		for i, n := range at {
			if n >= int64(len(stored)) {
				return nil, fmt.Errorf("no hash %d", n)
			}
			out[i] = stored[n]
		}
		return out, nil
	})
	for n, leaf := range leaves {
		more, err := tlog.StoredHashesForRecordHash(int64(n), leaf, hashes)
		if err != nil {
			return nil, err
		}
		stored = append(stored, more...)
	}
	return hashes, nil
}

// included checks Go's own path over our tiles, and our proof file FOLDER/N.tlog-proof if there.
func included(folder string, n int64, top head, files tlog.HashReader, leaves []tlog.Hash) error {
	path, err := tlog.ProveRecord(top.size, n, files)
	if err != nil {
		return err
	}
	if err := tlog.CheckRecord(path, top.size, top.root, n, leaves[n]); err != nil {
		return err
	}
	file, err := os.ReadFile(filepath.Join(folder, fmt.Sprintf("%d.tlog-proof", n)))
	if os.IsNotExist(err) {
		return nil
	} else if err != nil {
		return err
	}
	text, under, _ := strings.Cut(string(file), "\n\n")
	lines := strings.Split(text, "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" || lines[1] != fmt.Sprintf("index %d", n) {
		return fmt.Errorf("not the proof file of this entry")
	}
	path = nil
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		path = append(path, hash)
	}
	vkey, err := os.ReadFile(filepath.Join(folder, "vkey"))
	if err != nil {
		return err
	}
	signed, err := open([]byte(under), strings.TrimSpace(string(vkey)))
	if err != nil {
		return err
	}
	return tlog.CheckRecord(path, signed.size, signed.root, n, leaves[n])
}

// consistent checks Go's own proof over our tiles, and ours in FOLDER/OLD.consistency if there.
func consistent(folder string, old int64, top head, files, own tlog.HashReader) error {
	before, err := tlog.TreeHash(old, own)
	if err != nil {
		return err
	}
	path, err := tlog.ProveTree(top.size, old, files)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(path, top.size, top.root, old, before); err != nil {
		return err
	}
	file, err := os.ReadFile(filepath.Join(folder, fmt.Sprintf("%d.consistency", old)))
	if os.IsNotExist(err) {
		return nil
	} else if err != nil {
		return err
	}
	path = nil
	for _, line := range strings.Fields(string(file)) {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		path = append(path, hash)
	}
	return tlog.CheckTree(path, top.size, top.root, old, before)
}

func path(tile tlog.Tile) string {
	name := fmt.Sprintf("%03d", tile.N%1000)
	for rest := tile.N / 1000; rest > 0; rest /= 1000 {
		name = fmt.Sprintf("x%03d/%s", rest%1000, name)
	}
	level := "entries"
	if tile.L >= 0 {
		level = strconv.Itoa(tile.L)
	}
	if tile.W != 1<<tile.H {
		name = fmt.Sprintf("%s.p/%d", name, tile.W)
	}
	return "tile/" + level + "/" + name
}

type reader struct{ folder string }

func (r reader) Height() int { return height }

func (r reader) SaveTiles([]tlog.Tile, [][]byte) {}

func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var out [][]byte
	for _, tile := range tiles {
		data, err := os.ReadFile(filepath.Join(r.folder, path(tile)))
		if err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, nil
}
